Register-ArgumentCompleter -Native -CommandName leadctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $Env:_LEADCTL_COMPLETE = "complete_powershell"
    $Env:_TYPER_COMPLETE_ARGS = $commandAst.ToString()
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = $wordToComplete
    leadctl | Where-Object { $_ } | ForEach-Object {
        $word, $meaning = $_ -Split ":::"
        [System.Management.Automation.CompletionResult]::new(
            $word, $word, 'ParameterValue', $meaning)
    }
    $Env:_LEADCTL_COMPLETE = ""
    $Env:_TYPER_COMPLETE_ARGS = ""
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = ""
}

"""Local simulators of the six providers, to try leadctl on and to test it with."""

from leadctl.sandbox.agora import AgoraSimulator
from leadctl.sandbox.faults import Fault, UnknownName, fault_from_text
from leadctl.sandbox.lupitor import LupitorSimulator
from leadctl.sandbox.ozonetel import OzonetelSimulator
from leadctl.sandbox.server import SIMULATORS, Sandbox, serve
from leadctl.sandbox.simulator import Simulator
from leadctl.sandbox.vicidial import VicidialSimulator
from leadctl.sandbox.voiso import VoisoSimulator
from leadctl.sandbox.yotel import YotelSimulator

__all__ = [
    "SIMULATORS",
    "AgoraSimulator",
    "Fault",
    "LupitorSimulator",
    "OzonetelSimulator",
    "Sandbox",
    "Simulator",
    "UnknownName",
    "VicidialSimulator",
    "VoisoSimulator",
    "YotelSimulator",
    "fault_from_text",
    "serve",
]

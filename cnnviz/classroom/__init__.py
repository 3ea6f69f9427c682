"""A class that shares one server: who takes part, what the teacher has settled, the board. Needs no torch."""

from cnnviz.classroom.board import Entry, Standing, standings
from cnnviz.classroom.desk import Classroom, Person
from cnnviz.classroom.forgetting import Forgotten, forget, tidy
from cnnviz.classroom.hand import ClassRuns
from cnnviz.classroom.rules import FREEZABLE, ClassRules
from cnnviz.classroom.teacher import Teachers

__all__ = [
    "FREEZABLE",
    "ClassRules",
    "ClassRuns",
    "Classroom",
    "Entry",
    "Forgotten",
    "Person",
    "Standing",
    "Teachers",
    "forget",
    "standings",
    "tidy",
]

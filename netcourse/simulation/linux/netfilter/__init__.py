"""Netfilter: rules in tables and chains, connection tracking, address translation."""

from netcourse.simulation.linux.netfilter.commands import run_command, saved, type_command
from netcourse.simulation.linux.netfilter.rule import IptablesError, Rule
from netcourse.simulation.linux.netfilter.tables import Chain, Netfilter, Table

__all__ = ["Chain", "IptablesError", "Netfilter", "Rule", "Table", "run_command", "saved", "type_command"]

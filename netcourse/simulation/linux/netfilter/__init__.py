"""Netfilter: rules in tables and chains, connection tracking, address translation."""

from netcourse.simulation.linux.netfilter.commands import addresses_to_name, carry_out, run_command, type_command
from netcourse.simulation.linux.netfilter.extension import IptablesError
from netcourse.simulation.linux.netfilter.listing import saved
from netcourse.simulation.linux.netfilter.parser import parse
from netcourse.simulation.linux.netfilter.restore import Restore, RestoreError
from netcourse.simulation.linux.netfilter.rule import Rule
from netcourse.simulation.linux.netfilter.tables import Chain, Netfilter, Table

__all__ = ["Chain", "IptablesError", "Netfilter", "Restore", "RestoreError", "Rule", "Table", "addresses_to_name",
           "carry_out", "parse", "run_command", "saved", "type_command"]

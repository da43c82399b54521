"""Netfilter: rules in tables and chains, connection tracking, address translation."""

from netcourse.simulation.linux.netfilter.rule import IptablesError, Rule
from netcourse.simulation.linux.netfilter.tables import Chain, Netfilter, Table

__all__ = ["Chain", "IptablesError", "Netfilter", "Rule", "Table"]

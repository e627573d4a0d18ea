"""Figures: bodies drawn and moved from joint angles. Pure: no database, no request."""

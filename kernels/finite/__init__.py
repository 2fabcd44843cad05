"""Networks of finite width: their parameters, their kernel K_m, and how far it is from its limit."""

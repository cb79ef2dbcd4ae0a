"""`make chaos`: the program itself under kills, faults and wrong clocks, counted at the stand-ins (docs/chaos.md)."""

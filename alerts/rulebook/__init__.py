"""Rules as data: what they may say, and what is wrong with one."""

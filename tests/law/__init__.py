"""Cases of the law: for each file the first day of every version, and the day before."""

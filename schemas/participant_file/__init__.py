"""How an ACS NSQIP participant use file is coded; `schemas.nsqip` makes it ready."""

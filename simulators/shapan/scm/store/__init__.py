"""Every SQL statement of the SCM, by subject. Functions take the request's connection first and never commit."""

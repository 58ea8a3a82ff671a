"""Every SQL statement of finance, by subject. Functions take the request's connection first and never commit."""

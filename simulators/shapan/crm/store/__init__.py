"""Every SQL statement of the CRM (数据访问), one module per kind of document. Nothing here decides anything."""

"""The journals of all systems as one (全系统请求日志). `reading` asks the systems; the rest is pure.

reading.py       entries of several systems in the order of real time, with a cursor over all of them
verifying.py     was what should have been asked, asked?
correlating.py   what led to what
har.py           entries as HTTP Archive 1.2
"""

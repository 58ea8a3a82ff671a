"""How names and cells go wrong (脏数据规则): pure functions, one for each named rule, without any rate.

`styles` writes a company as a system would, `surface` spoils a text on its way in, `fields` other cells, `formats` dates and amounts in
files. The mess (`shapan.world.mess`) says how often each of them happens.
"""

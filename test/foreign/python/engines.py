"""Reads Delta tables with an engine, named as the argument, as JSON lines on stdin ask; answers each with a line.

In:  {"folder": path, "files": [path], "columns": [[name, type]], "conditions": [[[column, operator, value]]], "rows": bool, "act": name or nothing}
Out: {"rows": [text] or null, "found": [[n of each row]]} or {"error": class name and words}

A text is the values of a row in the order of the columns: floats by their bits, times in microseconds. A condition is
clauses that must all hold; a value is a text. Rows are found by their column n, whole numbers. An act of housekeeping is done first.
"""
import json
import sys

import expression_engines as by_expression
import sql_engines as by_sql

ENGINES = {
    "DuckDB": by_sql.DuckDB, "delta-rs, DataFusion": by_sql.DeltaRsDataFusion, "DataFusion": by_sql.DataFusion, "ClickHouse": by_sql.ClickHouse,
    "Spark": by_sql.Spark, "Trino": by_sql.Trino, "delta-rs, pyarrow": by_expression.DeltaRsPyArrow, "pyarrow": by_expression.PyArrow,
    "Polars": by_expression.Polars, "Daft": by_expression.Daft,
}

engine = None
for line in sys.stdin:
    try:
        engine = engine or ENGINES[sys.argv[1]]()
        request = json.loads(line)
        if "act" in request:
            engine.act(request["act"], request["folder"])
        rows, found = engine.answer(request)
        answer = {"value": {"rows": rows, "found": [[str(n) for n in each] for each in found]}}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:4000]}
    print(json.dumps(answer), flush=True)

"""Reads Delta tables with an engine, named as the argument, as JSON lines on stdin ask; answers each with a line.

In:  {"folder": path, "files": [path], "columns": [[name, type]], "conditions": [[[column, operator, value]]], "rows": bool}
Out: {"rows": [text] or null, "found": [[n of each row]]} or {"error": class name and words}

A text is the values of a row in the order of the columns: floats by their bits, times in microseconds. A condition is
clauses that must all hold; a value is a text. Rows are found by their column n, whole numbers.
"""
import json
import os
import struct
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICRO = timedelta(microseconds=1)


def text(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    if isinstance(value, datetime):
        return str((value.replace(tzinfo=value.tzinfo or timezone.utc) - EPOCH) // MICRO)
    return str(value)


def texts(columns):
    return ["|".join(text(value) for value in row) for row in zip(*columns)]


def of_type(kind, value):
    """A value as Python has it."""
    return {"time": lambda: EPOCH + int(value) * MICRO, "u64": lambda: Decimal(value), "i64": lambda: int(value), "f64": lambda: float(value),
            "bool": lambda: value == "true", "text": lambda: value}[kind]()


class Sql:
    """An engine that is asked in SQL: what it says for a name, a value and the table, and the columns of an answer."""

    quote = '"'

    def name(self, column):
        return self.quote + column.replace(self.quote, self.quote * 2) + self.quote

    def shown(self, column, kind):
        return self.name(column)

    def open(self, request):
        raise NotImplementedError

    def ask(self, sql):
        raise NotImplementedError

    def literal(self, kind, value):
        raise NotImplementedError

    def clause(self, kinds, column, operator, value):
        name = self.name(column)
        if operator in ("null", "not null"):
            return f"{name} IS {operator.upper()}"
        return f"{name} {operator} {self.literal(kinds[column], value)}"

    def answer(self, request):
        self.open(request)
        kinds = dict(request["columns"])
        shown = ", ".join(f"{self.shown(column, kind)} AS c{at}" for at, (column, kind) in enumerate(request["columns"]))
        rows = texts(self.ask(f"SELECT {shown} FROM {self.table}")) if request["rows"] else None
        where = [" AND ".join(self.clause(kinds, *clause) for clause in clauses) for clauses in request["conditions"]]
        return rows, [self.ask(f"SELECT n FROM {self.table} WHERE {condition}")[0] for condition in where]


def escaped(value):
    return value.replace("'", "''")


class DuckDB(Sql):
    def __init__(self):
        import duckdb
        from duckdb_extensions import import_extension
        import_extension("delta")
        self.duckdb = duckdb

    def open(self, request):
        self.table = f"delta_scan('{request['folder']}')"

    def shown(self, column, kind):
        return f"epoch_us({self.name(column)})" if kind == "time" else self.name(column)

    def ask(self, sql):
        rows = self.duckdb.sql(sql).fetchall()
        return list(zip(*rows)) if rows else [[]]

    def literal(self, kind, value):
        return {"time": f"make_timestamptz({value})", "u64": f"'{value}'::DECIMAL(20,0)", "i64": f"'{value}'::BIGINT", "f64": f"'{value}'::DOUBLE",
                "bool": value, "text": f"'{escaped(value)}'"}[kind]


class Arrow(Sql):
    """DataFusion in its dialect, however it is reached: answers are Arrow tables."""

    def columns(self, table):
        import pyarrow
        return [column.cast(pyarrow.int64()).to_pylist() if pyarrow.types.is_timestamp(column.type) else column.to_pylist() for column in table.columns]

    def literal(self, kind, value):
        return {"time": f"arrow_cast({value}, 'Timestamp(Microsecond, Some(\"UTC\"))')", "u64": f"CAST('{value}' AS DECIMAL(20,0))",
                "i64": f"CAST('{value}' AS BIGINT)", "f64": f"CAST('{value}' AS DOUBLE)", "bool": value, "text": f"'{escaped(value)}'"}[kind]


class DeltaRsDataFusion(Arrow):
    table = "t"

    def open(self, request):
        from deltalake import DeltaTable, QueryBuilder
        self.builder = QueryBuilder().register("t", DeltaTable(request["folder"]))

    def ask(self, sql):
        import pyarrow
        return self.columns(pyarrow.table(self.builder.execute(sql).read_all()))


class DataFusion(Arrow):
    """DataFusion's own reader over the live files: it takes a folder."""

    table = "t"

    def open(self, request):
        import datafusion
        import pyarrow
        import pyarrow.parquet
        self.folder = tempfile.TemporaryDirectory()
        for file in request["files"]:
            os.symlink(file, os.path.join(self.folder.name, os.path.basename(file)))
        schema = pyarrow.unify_schemas([pyarrow.parquet.read_schema(file) for file in request["files"]])
        self.context = datafusion.SessionContext()
        self.context.register_listing_table("t", self.folder.name, schema=schema)

    def ask(self, sql):
        return self.columns(self.context.sql(sql).to_arrow_table())


class ClickHouse(Sql):
    quote = "`"

    def open(self, request):
        self.table = f"deltaLakeLocal('{request['folder']}')"

    def name(self, column):
        return "`" + column.replace("\\", "\\\\").replace("`", "\\`") + "`"

    def shown(self, column, kind):
        return f"toUnixTimestamp64Micro({self.name(column)})" if kind == "time" else self.name(column)

    def ask(self, sql):
        import chdb
        table = chdb.query(sql, "ArrowTable")
        return [[value.decode() if isinstance(value, bytes) else value for value in column.to_pylist()] for column in table.columns]

    def literal(self, kind, value):
        string = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return {"time": f"fromUnixTimestamp64Micro(toInt64('{value}'), 'UTC')", "u64": f"toDecimal128('{value}', 0)", "i64": f"toInt64('{value}')",
                "f64": f"toFloat64('{value}')", "bool": value, "text": string}[kind]


class Spark(Sql):
    quote = "`"

    def __init__(self):
        from delta import configure_spark_with_delta_pip
        from pyspark.sql import SparkSession
        builder = SparkSession.builder.master("local[2]").config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension") \
            .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog") \
            .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1") \
            .config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "2") \
            .config("spark.databricks.delta.snapshotPartitions", "2").config("spark.log.level", "ERROR")
        self.session = configure_spark_with_delta_pip(builder).getOrCreate()

    def open(self, request):
        self.table = f"delta.`{request['folder']}`"

    def shown(self, column, kind):
        return f"unix_micros({self.name(column)})" if kind == "time" else self.name(column)

    def ask(self, sql):
        rows = self.session.sql(sql).collect()
        return list(zip(*rows)) if rows else [[]]

    def literal(self, kind, value):
        string = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return {"time": f"timestamp_micros(CAST('{value}' AS BIGINT))", "u64": f"CAST('{value}' AS DECIMAL(20,0))", "i64": f"CAST('{value}' AS BIGINT)",
                "f64": f"CAST('{value}' AS DOUBLE)", "bool": value, "text": string}[kind]


class Trino(Sql):
    def __init__(self):
        from trino import TrinoServer
        self.server = TrinoServer()

    def open(self, request):
        self.table = self.server.register(request["folder"])

    def shown(self, column, kind):
        if kind == "time":
            return f"date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00 UTC', {self.name(column)}) * 1000"
        return self.name(column)

    def ask(self, sql):
        rows = self.server.ask(sql)
        return list(zip(*rows)) if rows else [[]]

    def literal(self, kind, value):
        return {"time": f"from_unixtime_nanos(CAST('{value}000' AS BIGINT))", "u64": f"CAST('{value}' AS DECIMAL(20,0))", "i64": f"CAST('{value}' AS BIGINT)",
                "f64": f"CAST('{value}' AS DOUBLE)", "bool": value, "text": f"'{escaped(value)}'"}[kind]


class Expressions:
    """An engine that is asked by expressions of its own."""

    def answer(self, request):
        self.open(request)
        kinds = dict(request["columns"])
        rows = texts(self.read([column for column, _ in request["columns"]])) if request["rows"] else None
        found = []
        for clauses in request["conditions"]:
            condition = None
            for column, operator, value in clauses:
                clause = self.clause(kinds[column], column, operator, value)
                condition = clause if condition is None else condition & clause
            found.append(self.where(condition))
        return rows, found

    def compared(self, left, operator, right):
        return {"=": lambda: left == right, "<": lambda: left < right, "<=": lambda: left <= right, ">": lambda: left > right, ">=": lambda: left >= right}[operator]()


class PyArrow(Expressions):
    """A data set of the live files, or what delta-rs makes of the table."""

    def data_set(self, request):
        import pyarrow
        import pyarrow.dataset
        schemas = [pyarrow.dataset.dataset(file).schema for file in request["files"]]
        return pyarrow.dataset.dataset(request["files"], schema=pyarrow.unify_schemas(schemas))

    def open(self, request):
        self.data = self.data_set(request)

    def read(self, columns):
        import pyarrow
        table = self.data.to_table(columns=columns)
        return [column.cast(pyarrow.int64()).to_pylist() if pyarrow.types.is_timestamp(column.type) else column.to_pylist() for column in table.columns]

    def where(self, condition):
        return self.data.to_table(columns=["n"], filter=condition)["n"].to_pylist()

    def clause(self, kind, column, operator, value):
        import pyarrow
        import pyarrow.dataset
        field = pyarrow.dataset.field(column)
        if operator == "null":
            return field.is_null()
        if operator == "not null":
            return field.is_valid()
        types = {"time": pyarrow.timestamp("us", tz="UTC"), "u64": pyarrow.decimal128(20, 0), "i64": pyarrow.int64(), "f64": pyarrow.float64(), "bool": pyarrow.bool_(), "text": pyarrow.string()}
        return self.compared(field, operator, pyarrow.scalar(int(value) if kind == "time" else of_type(kind, value), types[kind]))


class DeltaRsPyArrow(PyArrow):
    def data_set(self, request):
        from deltalake import DeltaTable
        return DeltaTable(request["folder"]).to_pyarrow_dataset()


class Polars(Expressions):
    def open(self, request):
        import polars
        self.frame = polars.scan_delta(request["folder"])

    def read(self, columns):
        import polars
        frame = self.frame.select(columns).with_columns(polars.col("time").cast(polars.Int64)).collect()
        return [frame[column].to_list() for column in columns]

    def where(self, condition):
        return self.frame.filter(condition).select("n").collect()["n"].to_list()

    def clause(self, kind, column, operator, value):
        import polars
        field = polars.col(column)
        if operator == "null":
            return field.is_null()
        if operator == "not null":
            return field.is_not_null()
        types = {"time": polars.Datetime("us", "UTC"), "u64": polars.Decimal(20, 0)}
        return self.compared(field, operator, polars.lit(of_type(kind, value), dtype=types.get(kind)))


class Daft(Expressions):
    def open(self, request):
        import daft
        self.frame = daft.read_deltalake(request["folder"])

    def read(self, columns):
        import pyarrow
        table = self.frame.select(*columns).to_arrow()
        return [column.cast(pyarrow.int64()).to_pylist() if pyarrow.types.is_timestamp(column.type) else column.to_pylist() for column in table.columns]

    def where(self, condition):
        return self.frame.where(condition).select("n").to_arrow()["n"].to_pylist()

    def clause(self, kind, column, operator, value):
        import daft
        field = daft.col(column)
        if operator == "null":
            return field.is_null()
        if operator == "not null":
            return field.not_null()
        return self.compared(field, operator, daft.lit(of_type(kind, value)))


ENGINES = {"DuckDB": DuckDB, "delta-rs, DataFusion": DeltaRsDataFusion, "delta-rs, pyarrow": DeltaRsPyArrow, "DataFusion": DataFusion, "pyarrow": PyArrow,
           "ClickHouse": ClickHouse, "Polars": Polars, "Daft": Daft, "Spark": Spark, "Trino": Trino}

engine = None
for line in sys.stdin:
    try:
        engine = engine or ENGINES[sys.argv[1]]()
        rows, found = engine.answer(json.loads(line))
        answer = {"value": {"rows": rows, "found": [[str(n) for n in each] for each in found]}}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:4000]}
    print(json.dumps(answer), flush=True)

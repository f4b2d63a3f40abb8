"""Engines that are asked in SQL. What one needs it imports itself: each is in an environment of its own."""
import os
import tempfile

from values import texts


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

    def act(self, name, folder):
        from deltalake import DeltaTable
        table = DeltaTable(folder)
        {"OPTIMIZE": lambda: table.optimize.compact(), "ZORDER": lambda: table.optimize.z_order(["time"]),
         "VACUUM": lambda: table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)}[name]()


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

    def act(self, name, folder):
        self.session.sql({"OPTIMIZE": f"OPTIMIZE delta.`{folder}`"}[name]).collect()

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

"""Engines that are asked by expressions of their own. What one needs it imports itself."""
from values import of_type, texts


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

"""A Trino server of Maven Central on this machine alone: fetched into the cache folder, started, asked, and ended with the program."""
import atexit
import glob
import json
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.request

VERSION = "476"
JAVA_LEAST = 24
READY_S_MAX = 180

CONFIG = {
    "node.properties": "node.environment=test\nnode.id=test\nnode.data-dir={home}/data\nnode.bind-ip=127.0.0.1\nnode.internal-address=127.0.0.1\n",
    "config.properties": "coordinator=true\nnode-scheduler.include-coordinator=true\nhttp-server.http.port={port}\ndiscovery.uri=http://127.0.0.1:{port}\n",
    "jvm.config": "-Xmx2G\n--add-modules=jdk.incubator.vector\n",
    "log.properties": "io.trino=WARN\nBootstrap=WARN\n",
    "catalog/delta.properties": "connector.name=delta_lake\nhive.metastore=file\nhive.metastore.catalog.dir=local://{home}/catalog\nfs.native-local.enabled=true\n"
                                "local.location=/\ndelta.register-table-procedure.enabled=true\n",
}


def java_home():
    """A Java that is new enough. Raises when there is none."""
    for home in sorted({os.environ.get("JAVA_HOME", ""), *glob.glob("/usr/lib/jvm/*")} - {""}):
        try:
            said = subprocess.run([f"{home}/bin/java", "-version"], capture_output=True, text=True).stderr
            if int(said.split('"')[1].split(".")[0]) >= JAVA_LEAST:
                return home
        except (OSError, IndexError, ValueError):
            continue
    raise RuntimeError(f"Trino {VERSION} needs Java {JAVA_LEAST} or newer, and there is none in JAVA_HOME or /usr/lib/jvm")


def program():
    """The folder of the server, fetched by Maven when it is not there."""
    cache = os.environ.get("SLUICE_TEST_CACHE", os.path.expanduser("~/.cache/sluice-test"))
    folder = f"{cache}/trino-server-{VERSION}"
    if not os.path.exists(folder):
        subprocess.run(["mvn", "-q", "-B", "dependency:get", f"-Dartifact=io.trino:trino-server:{VERSION}:tar.gz", "-Dtransitive=false"], check=True)
        build = tempfile.mkdtemp(dir=cache)
        with tarfile.open(os.path.expanduser(f"~/.m2/repository/io/trino/trino-server/{VERSION}/trino-server-{VERSION}.tar.gz")) as archive:
            archive.extractall(build)
        os.rename(f"{build}/trino-server-{VERSION}", folder)
        os.rmdir(build)
    return folder


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class TrinoServer:
    def __init__(self):
        home = tempfile.mkdtemp(prefix="sl-trino-")
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        os.makedirs(f"{home}/etc/catalog")
        for name, text in CONFIG.items():
            with open(f"{home}/etc/{name}", "w") as file:
                file.write(text.format(home=home, port=port))
        java = java_home()
        env = {**os.environ, "JAVA_HOME": java, "PATH": f"{java}/bin:{os.environ['PATH']}"}
        with open(f"{home}/said", "w") as said:
            # `run` becomes the server: what ends it is the signal to this process.
            self.child = subprocess.Popen([f"{program()}/bin/launcher", "run", f"--etc-dir={home}/etc"], env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        atexit.register(self.end, home)
        self.wait(home)
        self.ask("CREATE SCHEMA delta.s")
        self.tables = 0

    def wait(self, home):
        end = time.monotonic() + READY_S_MAX
        while True:
            try:
                if not json.load(urllib.request.urlopen(f"{self.url}/v1/info", timeout=5))["starting"]:
                    return
            except OSError:
                pass
            if self.child.poll() is not None or time.monotonic() > end:
                with open(f"{home}/said") as said:
                    raise RuntimeError(f"Trino did not start: {said.read()[-2000:]}")
            time.sleep(0.5)

    def end(self, home):
        self.child.terminate()
        self.child.wait()
        shutil.rmtree(home, ignore_errors=True)

    def register(self, folder):
        """A name for the table in a folder."""
        self.tables += 1
        self.ask(f"CALL delta.system.register_table(schema_name => 's', table_name => 't{self.tables}', table_location => 'local://{folder}')")
        return f"delta.s.t{self.tables}"

    def ask(self, sql):
        """The rows of a statement. Raises in the words of Trino."""
        headers = {"X-Trino-User": "test", "X-Trino-Time-Zone": "UTC"}
        request = urllib.request.Request(f"{self.url}/v1/statement", sql.encode(), headers)
        rows = []
        while True:
            answer = json.load(urllib.request.urlopen(request))
            rows += answer.get("data", [])
            if "error" in answer:
                raise RuntimeError(answer["error"]["message"])
            if "nextUri" not in answer:
                return rows
            request = urllib.request.Request(answer["nextUri"], headers=headers)

"""`patrol doctor` and `patrol db check` beside a running server, as an operator runs them."""

from tests.support.product import Product


def test_doctor_finds_nothing_broken_in_a_demo(demo: Product) -> None:
    """Broker, database, service and machine were looked at, each in both languages; the exit code is 0."""
    done = demo.run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("Broker 消息服务", "round trip 往返", "session kept 会话保持", "Database 数据库", "retention 保存",
                 "Service 服务", "worker 处理进程 worker-1", "Machine 主机", "No faults 无故障"):  # fmt: skip
        assert said in done.stdout, said
    assert "✗" not in done.stdout
    assert demo.password not in done.stdout


def test_db_check_finds_a_fault_and_says_what_to_do(demo: Product) -> None:
    """Sound it ends with 0; with a database that is not there, with 1 and one line that says where to look."""
    done = demo.run("db", "check")
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = demo.run("doctor", "--database-url", "postgresql://u:secret@127.0.0.1:1/d")
    assert wrong.returncode == 1
    assert "No database answers" in wrong.stdout
    assert "secret" not in wrong.stdout + wrong.stderr
    assert "to correct now 须立即处理: database 数据库" in wrong.stderr

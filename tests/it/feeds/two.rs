//! Two instances subscribe to each other, over real sockets: nights appear on the other side and do not come back.

use super::*;
use crate::support::on_both;
use stopover::platform::db::Engine;
use tokio::net::TcpListener as Listener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// An instance behind a socket.
struct Served {
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

impl Served {
    async fn end(self) {
        self.stop.send(()).unwrap();
        self.done.await.unwrap();
    }
}

fn serve(stage: &Stage, listener: Listener) -> Served {
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = stage.town.serve(listener, async { drop(stopped.await) });
    Served { stop, done: tokio::spawn(serving) }
}

/// Connects one side to an address of the other; answers the feed's id.
async fn subscribe(stage: &Stage, address: &str) -> String {
    let added = stage.ask(Method::POST, "/feeds", Some(json!({"name": "The other side", "address": address}))).await;
    stage.town.run_jobs().await;
    added.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn address(stage: &Stage, body: Value) -> String {
    stage.ask(Method::POST, "/exports", Some(body)).await.expect(201).json()["address"].as_str().unwrap().to_owned()
}

on_both!(nights_cross_over_and_do_not_come_back, async |db: TestDb| {
    let other_db = TestDb::new(Engine::Sqlite).await;
    let (here, there) = (Listener::bind("127.0.0.1:0").await.unwrap(), Listener::bind("127.0.0.1:0").await.unwrap());
    let ports = [here.local_addr().unwrap().port(), there.local_addr().unwrap().port()];
    let at = |port: u16| move |config: &mut Config| config.public_url = Some(format!("http://127.0.0.1:{port}"));
    let (one, two) = (Stage::with(&db, &ports, at(ports[0])).await, Stage::with(&other_db, &ports, at(ports[1])).await);
    let served = [serve(&one, here), serve(&two, there)];
    book(&db, one.home, 0, &["2026-07-01", "2026-07-02"]).await;
    book(&other_db, two.home, 0, &["2026-08-01"]).await;
    // One tells two everything; two knows by which feed, and tells one the rest.
    let feed_there = subscribe(&two, &address(&one, json!({"name": "two"})).await).await;
    let feed_here = subscribe(&one, &address(&two, json!({"name": "one", "source_feed": feed_there})).await).await;
    assert_eq!(taken(&other_db, two.home).await, ["2026-07-01/2026-07-03"]);
    assert_eq!(taken(&db, one.home).await, ["2026-08-01/2026-08-02"]);
    assert_eq!(two.get(&format!("/feeds/{feed_there}")).await["dialect"], "stopover");
    // Round and round: nothing grows, nothing comes back, nobody is told of a conflict.
    for _ in 0..3 {
        one.sync(&feed_here).await;
        two.sync(&feed_there).await;
    }
    assert_eq!(taken(&db, one.home).await, ["2026-08-01/2026-08-02"]);
    // One's own nights in two's home: those of two that came from two itself are known by their ids.
    assert_eq!(taken(&other_db, two.home).await, ["2026-07-01/2026-07-03"]);
    for (stage, feed) in [(&one, &feed_here), (&two, &feed_there)] {
        assert_eq!(stage.get("/conflicts").await["data"], json!([]));
        assert_eq!(stage.get(&format!("/feeds/{feed}")).await["status"], "ok");
    }
    // A stay that ends there is free here after the next look.
    change(&other_db, "DELETE FROM booked_nights WHERE listing_id = $1", two.home).await;
    book(&other_db, two.home, 0, &["2026-09-01"]).await;
    one.sync(&feed_here).await;
    assert_eq!(taken(&db, one.home).await, ["2026-09-01/2026-09-02"]);
    for server in served {
        server.end().await;
    }
});

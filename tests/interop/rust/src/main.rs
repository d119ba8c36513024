// The application of tests/interop/suite.ts in Rust. Release 0.5 of the crate has no streams, and
// workflows cannot read the user or the roles.
use std::time::{Duration, SystemTime};

use dbos::{Config, DBOS, QueueConflict, QueueOptions, RunOptions, WorkflowKey, WorkflowRef};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Serialize, Deserialize)]
enum Failure {
    CustomError {
        message: String,
        code: Option<Value>,
        data: Option<Value>,
    },
    UnknownWorkflow(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Failure::CustomError { message, .. } => formatter.write_str(message),
            Failure::UnknownWorkflow(name) => write!(formatter, "there is no workflow {name}"),
        }
    }
}

impl std::error::Error for Failure {}

type Result<T> = dbos::Result<T, Failure>;

/// The arguments of a workflow. Workers take whatever the row has, in portable JSON or in their own
/// format, so the type of the parameter must accept both.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Value", into = "Value")]
struct Arguments {
    positional: Vec<Value>,
    named: Map<String, Value>,
}

impl From<Value> for Arguments {
    fn from(value: Value) -> Self {
        let (positional, named) = match value {
            Value::Object(mut envelope) if envelope.contains_key("positionalArgs") => (
                envelope["positionalArgs"].take(),
                envelope.remove("namedArgs").unwrap_or_default(),
            ),
            // In the crate's own format, several arguments are a tuple, and none is `null`.
            own => (own, Value::Null),
        };
        Self {
            positional: match positional {
                Value::Null => vec![],
                Value::Array(values) => values,
                value => vec![value],
            },
            named: match named {
                Value::Object(values) => values,
                _ => Map::new(),
            },
        }
    }
}

impl From<Arguments> for Value {
    fn from(args: Arguments) -> Self {
        Value::Array(args.positional)
    }
}

impl Arguments {
    fn value(&self, index: usize) -> Value {
        self.positional.get(index).cloned().unwrap_or_default()
    }

    fn text(&self, index: usize) -> String {
        self.value(index).as_str().unwrap_or_default().to_owned()
    }

    fn topic(&self, index: usize) -> Option<String> {
        self.value(index).as_str().map(str::to_owned)
    }
}

/// The only argument of a workflow, which may be a list.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Value", into = "Value")]
struct Argument(Value);

impl From<Value> for Argument {
    fn from(value: Value) -> Self {
        match value.get("positionalArgs") {
            Some(_) => Self(Arguments::from(value).value(0)),
            None => Self(value),
        }
    }
}

impl From<Argument> for Value {
    fn from(argument: Argument) -> Self {
        argument.0
    }
}

async fn echo(args: Arguments) -> Result<Vec<Value>> {
    Ok(args.positional)
}

async fn echo_one(argument: Argument) -> Result<Value> {
    Ok(argument.0)
}

async fn echo_named(mut args: Arguments) -> Result<Value> {
    let second = args.named.remove("second");
    Ok(json!({ "first": args.value(0), "second": second, "others": args.named }))
}

async fn fail(args: Arguments) -> Result<Value> {
    Err(Failure::CustomError {
        message: args.text(0),
        code: args.positional.get(1).cloned(),
        data: args.positional.get(2).cloned(),
    })?
}

async fn wait_for_message(args: Arguments) -> Result<Option<Value>> {
    dbos::recv(args.topic(0).as_deref(), MINUTE).await
}

async fn collect(args: Arguments) -> Result<Vec<Option<Value>>> {
    let mut messages = vec![];
    for _ in 0..args.value(0).as_u64().unwrap_or_default() {
        messages.push(dbos::recv(args.topic(1).as_deref(), MINUTE).await?);
    }
    Ok(messages)
}

async fn publish(args: Arguments) -> Result<Value> {
    dbos::set_event(&args.text(0), &args.value(1)).await?;
    Ok(args.value(1))
}

async fn new_id() -> Result<String> {
    Ok(format!("{:?}", SystemTime::now()))
}

// Its steps return different values each time they run.
async fn take_steps(_: Arguments) -> Result<Value> {
    let first = dbos::step("first", new_id).await?;
    let message: Option<Value> = dbos::recv(Some("steps"), MINUTE).await?;
    let second = dbos::step("second", new_id).await?;
    Ok(json!({ "first": first, "message": message, "second": second }))
}

async fn greet(args: Arguments) -> Result<String> {
    Ok(format!("Hello, {}", args.text(0)))
}

async fn speak(args: Arguments) -> Result<String> {
    Ok(format!("french: {}", args.text(0)))
}

// It cannot read portable arguments.
async fn add((first, second): (u128, i64)) -> Result<u128> {
    Ok(first.saturating_add_signed(second.into()))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Portable<Args> {
    positional_args: Args,
}

// It can read no other arguments.
async fn add_portable(args: Portable<(u128, i64)>) -> Result<u128> {
    add(args.positional_args).await
}

/// The workflows that `runChild` can start.
#[derive(Clone)]
struct Children {
    echo_one: WorkflowRef<Argument, Value, Failure>,
    fail: WorkflowRef<Arguments, Value, Failure>,
    publish: WorkflowRef<Arguments, Value, Failure>,
}

async fn run_child(children: Children, mut args: Arguments) -> Result<Value> {
    let id = format!("{}-child", dbos::workflow_id().unwrap_or_default());
    let options = RunOptions {
        workflow_id: Some(&id),
        ..RunOptions::default()
    };
    let name = args.positional.remove(0);
    match name.as_str().unwrap_or_default() {
        "echoOne" => {
            let argument = Argument(args.value(0));
            children.echo_one.run_with(argument, options).await
        }
        "fail" => children.fail.run_with(args, options).await,
        "publish" => children.publish.run_with(args, options).await,
        other => Err(Failure::UnknownWorkflow(other.to_owned()))?,
    }
}

/// The crate does not tell its version.
fn sdk_version() -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let (_, package) = lock.split_once("name = \"dbos\"\nversion = \"").unwrap();
    package.split_once('"').unwrap().0
}

#[tokio::main]
async fn main() -> dbos::Result<()> {
    let database_url = std::env::args().nth(1).expect("the URL of the database");
    let dbos = DBOS::new(Config {
        app_version: Some("test-1".to_owned()),
        outcome_poll_interval: Some(Duration::from_millis(50)),
        ..Config::new("test-app", database_url)
    });
    dbos.register_workflow("echo", echo)?;
    dbos.register_workflow("echoNamed", echo_named)?;
    dbos.register_workflow("waitForMessage", wait_for_message)?;
    dbos.register_workflow("collect", collect)?;
    dbos.register_workflow("takeSteps", take_steps)?;
    dbos.register_workflow("add", add)?;
    dbos.register_workflow("addPortable", add_portable)?;
    let children = Children {
        echo_one: dbos.register_workflow("echoOne", echo_one)?,
        fail: dbos.register_workflow("fail", fail)?,
        publish: dbos.register_workflow("publish", publish)?,
    };
    dbos.register_workflow("runChild", move |args| run_child(children.clone(), args))?;
    let method = WorkflowKey {
        class_name: Some("Greeter".to_owned()),
        ..WorkflowKey::new("greet")
    };
    dbos.register_workflow_as(method, greet)?;
    dbos.register_workflow_as(WorkflowKey::instance("speak", "Speaker", "french"), speak)?;
    dbos.launch().await?;

    let unlimited = QueueOptions {
        polling_interval: Duration::from_millis(50),
        ..QueueOptions::default()
    };
    let single = QueueOptions {
        concurrency: Some(1),
        worker_concurrency: Some(1),
        ..unlimited.clone()
    };
    let prioritized = QueueOptions {
        concurrency: Some(1),
        priority_enabled: true,
        ..unlimited.clone()
    };
    let partitioned = QueueOptions {
        partition_concurrency: Some(1),
        ..unlimited.clone()
    };
    for (name, options) in [
        ("tasks", unlimited),
        ("single", single),
        ("prioritized", prioritized),
        ("partitioned", partitioned),
    ] {
        let on_conflict = QueueConflict::AlwaysUpdate;
        dbos.register_queue(name, options, on_conflict).await?;
    }

    println!("{}", json!({ "sdk": format!("dbos {}", sdk_version()) }));
    // The parent process holds the other end, so this process also ends if the parent is killed.
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("stdin can be read");
    Ok(())
}

// Prints rust_serde.json: what Rust workers store, as name -> text. Run it in tests/interop/rust:
// cargo run --quiet --locked --target-dir /tmp/target --example make_rust_serde
use std::collections::BTreeMap;
use std::time::Duration;

use dbos::Error;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
enum Color {
    Red,
    Rgb(u8, u8, u8),
    Named { name: &'static str },
}

#[derive(Serialize)]
struct Order {
    number: i64,
    total: u128,
    lines: Vec<&'static str>,
    note: Option<&'static str>,
    bytes: Vec<u8>,
    took: Duration,
    colors: Vec<Color>,
    next: Option<Box<Order>>,
}

#[derive(Serialize)]
struct OrderError {
    message: &'static str,
    code: i32,
    order: u64,
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Text(&'static str);

#[derive(Serialize)]
enum CheckoutError {
    CardDeclined,
    OutOfStock(&'static str),
    Http(u16),
    Limits(u64, u64),
    Rejected {
        message: &'static str,
        code: &'static str,
        data: Value,
    },
    NoSuchOrder {
        message: &'static str,
        order: u64,
    },
}

fn store(value: impl Serialize) -> String {
    serde_json::to_string(&value).unwrap()
}

fn fail<E: Serialize>(error: Error<E>) -> String {
    store(error)
}

fn main() {
    let order = Order {
        number: i64::MIN,
        total: u128::MAX,
        lines: vec!["a", "\u{e4}\"\\\u{1f600}\0"],
        note: None,
        bytes: vec![0, 255],
        took: Duration::from_millis(1500),
        colors: vec![
            Color::Red,
            Color::Rgb(255, 0, 0),
            Color::Named { name: "red" },
        ],
        next: None,
    };
    let next = Order {
        number: 7,
        total: 1,
        lines: vec![],
        note: Some("n"),
        bytes: vec![],
        took: Duration::ZERO,
        colors: vec![],
        next: Some(Box::new(order)),
    };
    let rejected = CheckoutError::Rejected {
        message: "rejected",
        code: "E_CARD",
        data: json!({ "tries": 3 }),
    };
    let no_such_order = CheckoutError::NoSuchOrder {
        message: "no such order",
        order: u64::MAX,
    };
    let vectors = BTreeMap::from([
        ("unit", store(())),
        (
            "scalars",
            store((true, 7, 1.5, 1.0, "text", 'c', None::<u8>)),
        ),
        (
            "integers",
            store((u64::MAX, i64::MIN, i128::MIN, u128::MAX, (1u64 << 53) + 1)),
        ),
        (
            "floats",
            store((-0.0, 1e300, 5e-324, 1e21, 0.1, f64::NAN, f64::INFINITY)),
        ),
        ("order", store(next)),
        ("map", store(BTreeMap::from([("__proto__", 1), ("a", 2)]))),
        ("tuple", store((1, "two", vec![3]))),
        (
            "unitVariant",
            fail(Error::Application(CheckoutError::CardDeclined)),
        ),
        (
            "newtypeVariant",
            fail(Error::Application(CheckoutError::OutOfStock(
                "no more pens",
            ))),
        ),
        (
            "numberVariant",
            fail(Error::Application(CheckoutError::Http(404))),
        ),
        (
            "tupleVariant",
            fail(Error::Application(CheckoutError::Limits(1, u64::MAX))),
        ),
        ("portableVariant", fail(Error::Application(rejected))),
        ("structVariant", fail(Error::Application(no_such_order))),
        (
            "struct",
            fail(Error::Application(OrderError {
                message: "no such order",
                code: 7,
                order: 8,
            })),
        ),
        ("unitStruct", fail(Error::Application(Unit))),
        ("newtypeStruct", fail(Error::Application(Text("It broke.")))),
        (
            "config",
            fail(Error::<CheckoutError>::Config("no database".into())),
        ),
        (
            "argument",
            fail(Error::<CheckoutError>::InvalidArgument {
                operation: "fork".into(),
                detail: "no workflows".into(),
            }),
        ),
        (
            "child",
            fail(Error::<CheckoutError>::AwaitedWorkflowCancelled {
                workflow_id: "child".into(),
            }),
        ),
        (
            "timeout",
            fail(Error::<CheckoutError>::StepTimeout {
                step: "charge".into(),
                timeout: Duration::from_millis(1500),
            }),
        ),
        (
            "step",
            fail(Error::<CheckoutError>::StepFailed {
                step: "charge".into(),
                message: "out of paper".into(),
            }),
        ),
        (
            "retries",
            fail(Error::MaxStepRetriesExceeded {
                step: "charge".into(),
                attempts: 2,
                errors: vec![
                    Error::Application(CheckoutError::CardDeclined),
                    Error::Application(CheckoutError::OutOfStock("no more pens")),
                ],
            }),
        ),
    ]);
    println!("{}", serde_json::to_string_pretty(&vectors).unwrap());
}

//! `current`: the key that the command line itself uses.

use clap::Args;
use openrouter_keys_native::{CurrentKey, Field};

use crate::app::App;
use crate::failure::{Exit, Result};
use crate::output::{Cell, Object, Row, Shape};
use crate::units;

/// Show the management key in use
#[derive(Debug, Args)]
pub(crate) struct Options {}

pub(super) const SHAPE: Shape = Shape {
    columns: &["LABEL", "KIND", "LIMIT", "USED", "LEFT", "EXPIRES"],
    fields: &[
        "label",
        "is_management_key",
        "is_provisioning_key",
        "is_free_tier",
        "limit",
        "limit_remaining",
        "limit_reset",
        "include_byok_in_limit",
        "usage",
        "usage_daily",
        "usage_weekly",
        "usage_monthly",
        "byok_usage",
        "byok_usage_daily",
        "byok_usage_weekly",
        "byok_usage_monthly",
        "expires_at",
        "creator_user_id",
        "rate_limit",
    ],
};

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&SHAPE)?;
        let key = app.client()?.get_current_key_metadata().await?;
        app.output.one(&SHAPE, &row(&key))?;
        Ok(Exit::Done)
    }
}

fn row(key: &CurrentKey) -> Row {
    let kind = match key.manages_keys() {
        Some(true) => "management",
        Some(false) => "inference",
        None => "unknown",
    };
    let amount = |field: &Field<f64>| match field {
        Field::Value(amount) => Cell::new(units::dollars(*amount), amount.to_string()),
        Field::Null => Cell::text("none"),
        _ => Cell::default(),
    };
    let cells = vec![
        Cell::text(key.label.as_deref().unwrap_or_default()),
        Cell::text(kind),
        amount(&key.limit),
        amount(&key.usage),
        amount(&key.limit_remaining),
        match &key.expires_at {
            Field::Value(at) => Cell::new(units::relative(at, units::now()), at.as_str()),
            _ => Cell::default(),
        },
    ];
    Row { cells, object: Object::of(key, SHAPE.fields) }
}

"""The vendor's own Python client, driving the emulator through all six operations.

Usage: official_python_sdk.py BASE_URL MANAGEMENT_KEY ORDINARY_KEY
The emulator has 250 keys, `key 000` to `key 249`, and the ordinary key.
"""

import sys
import urllib.request
from datetime import datetime, timezone

from openrouter import OpenRouter, errors
from openrouter.utils import BackoffStrategy, RetryConfig

BASE_URL, MANAGEMENT_KEY, ORDINARY_KEY = sys.argv[1:]
WORKSPACE = "11111111-2222-4333-8444-555555555555"
UNKNOWN_HASH = "0" * 64
NO_RETRIES = RetryConfig("none", BackoffStrategy(1, 1, 1.0, 1), False)


def client(key):
    return OpenRouter(api_key=key, server_url=BASE_URL, retry_config=NO_RETRIES)


def refused(error, call, **arguments):
    """The call fails with exactly this class, its body parsed into the typed model."""
    try:
        call(**arguments)
    except error as refusal:
        assert refusal.data.error.code == refusal.status_code, refusal
        assert refusal.data.error.message, refusal
        return refusal
    raise AssertionError(f"{call.__name__}({arguments}) was not refused")


def spend(hash, usd):
    body = f'{{"hash": "{hash}", "usd": {usd}}}'.encode()
    url = BASE_URL.replace("/api/v1", "/_emulator/spend")
    headers = {"content-type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(url, body, headers)).close()


def create_takes_every_parameter(keys):
    expiry = datetime(2099, 12, 31, 23, 59, 59, 500000, tzinfo=timezone.utc)
    created = keys.create(
        name="Customer 42 🔑",
        limit=25.5,
        limit_reset="monthly",
        include_byok_in_limit=True,
        expires_at=expiry,
        workspace_id=WORKSPACE,
        creator_user_id="user_7",
        external={"user": "partner-user", "api_key": "p" * 32},
        http_referer="https://app.example",
        x_open_router_title="Emulator test",
        x_open_router_categories="cli-agent",
    )
    key = created.data
    assert created.key.startswith("sk-or-v1-") and len(created.key) == 73
    assert len(key.hash) == 64 and key.hash not in created.key
    assert key.label == f"{created.key[:12]}...{created.key[-4:]}"
    assert key.name == "Customer 42 🔑"
    assert (key.limit, key.limit_remaining, key.limit_reset) == (25.5, 25.5, "monthly")
    assert key.include_byok_in_limit is True and key.disabled is False
    assert key.expires_at == expiry
    assert key.workspace_id == WORKSPACE
    assert (key.creator_user_id, key.external_user) == ("user_7", "partner-user")
    assert key.updated_at is None and key.last_used_at is None
    datetime.fromisoformat(key.created_at.replace("Z", "+00:00"))
    return created


def get_and_current_agree_with_create(keys, created):
    hash = created.data.hash
    spend(hash, 0.5)
    key = keys.get(hash=hash).data
    assert (key.usage, key.usage_daily, key.byok_usage) == (0.5, 0.5, 0)
    assert key.limit_remaining == 25
    assert key.last_used_at.tzinfo is not None

    with client(created.key) as its_own:
        current = its_own.api_keys.get_current_key_metadata().data
    assert (current.label, current.limit, current.limit_remaining) == (key.label, 25.5, 25)
    assert current.is_management_key is False and current.is_free_tier is False
    assert (current.creator_user_id, current.workspace_id) == ("user_7", WORKSPACE)
    assert current.allowed_data_regions == ["global", "europe", "us"]
    assert current.free_model_daily_requests.limit == 1000
    assert [budget.scope for budget in current.budgets] == ["key_limit"]
    budget = current.effective_budget
    assert (budget.limit_usd, budget.spend_usd, budget.remaining_usd) == (25.5, 0.5, 25)
    assert budget.reset_interval == "monthly"
    assert budget.resets_at.day == 1 and budget.resets_at > datetime.now(timezone.utc)
    assert keys.get_current_key_metadata().data.is_management_key is True


def update_leaves_clears_and_sets(keys, hash):
    key = keys.update(hash=hash, name="Renamed").data
    assert (key.name, key.limit, key.limit_reset) == ("Renamed", 25.5, "monthly")
    assert key.updated_at is not None
    key = keys.update(hash=hash, limit=None, limit_reset=None).data
    assert (key.limit, key.limit_remaining, key.limit_reset) == (None, None, None)
    key = keys.update(
        hash=hash, limit=7, limit_reset="weekly", disabled=True, include_byok_in_limit=False
    ).data
    assert (key.limit, key.limit_reset, key.disabled) == (7, "weekly", True)
    assert key.include_byok_in_limit is False and key.name == "Renamed"
    assert keys.update(hash=hash, workspace_id=WORKSPACE).data == key
    refused(errors.BadRequestResponseError, keys.update, hash=hash)


def list_pages_and_filters(keys, hash):
    pages = [keys.list(offset=offset).data for offset in (0, 100, 200, 300)]
    assert [len(page) for page in pages] == [100, 100, 51, 0]
    names = [key.name for page in pages for key in page]
    assert names == ["ordinary"] + [f"key {index:03}" for index in reversed(range(250))]
    assert keys.list().data[0].name == "ordinary"

    elsewhere = {"workspace_id": WORKSPACE}
    assert keys.list(**elsewhere).data == []
    assert keys.list(include_disabled=False, **elsewhere).data == []
    assert [key.hash for key in keys.list(include_disabled=True, **elsewhere).data] == [hash]

    past = datetime(2020, 1, 1, tzinfo=timezone.utc)
    expired = keys.create(name="expired", expires_at=past).data
    assert expired.hash not in [key.hash for key in keys.list().data]
    newest = keys.list(include_expired=True).data[0]
    assert (newest.hash, newest.expires_at) == (expired.hash, past)
    moved = keys.update(hash=hash, disabled=False, workspace_id=expired.workspace_id).data
    assert moved.hash in [key.hash for key in keys.list(offset=None).data]


def delete_answers_once(keys, hash):
    assert keys.delete(hash=hash).DELETED is True
    refused(errors.NotFoundResponseError, keys.delete, hash=hash)
    refused(errors.NotFoundResponseError, keys.get, hash=hash)


def errors_are_the_documented_ones(keys):
    refused(errors.NotFoundResponseError, keys.get, hash=UNKNOWN_HASH)
    refused(errors.NotFoundResponseError, keys.update, hash=UNKNOWN_HASH, name="x")
    refused(errors.BadRequestResponseError, keys.create, name="")
    refused(errors.BadRequestResponseError, keys.create, name="x", limit=-1)
    # `limit_reset="yearly"` cannot be tried: the client leaves unknown values out of the body.
    refused(errors.BadRequestResponseError, keys.create, name="x", workspace_id="x")
    refused(errors.BadRequestResponseError, keys.list, offset=-1)
    refused(errors.BadRequestResponseError, keys.list, workspace_id="x")
    with client("sk-or-v1-unknown") as unknown:
        refused(errors.UnauthorizedResponseError, unknown.api_keys.list)
        refused(errors.UnauthorizedResponseError, unknown.api_keys.get_current_key_metadata)
    with client(ORDINARY_KEY) as ordinary:
        refused(errors.ForbiddenResponseError, ordinary.api_keys.create, name="x")
        refused(errors.ForbiddenResponseError, ordinary.api_keys.update, hash=UNKNOWN_HASH, name="x")
        # For the other operations the client knows no 403, and falls back on its default.
        try:
            ordinary.api_keys.list()
            raise AssertionError("an ordinary key has listed keys")
        except errors.OpenRouterDefaultError as refusal:
            assert refusal.status_code == 403


def faults_reach_it(keys):
    fault = {"x-emulator-fault": "status=429,retry-after=1"}
    refused(errors.TooManyRequestsResponseError, keys.list, http_headers=fault)
    fault = {"x-emulator-fault": "status=500"}
    refused(errors.InternalServerResponseError, keys.create, name="x", http_headers=fault)
    future = keys.list(http_headers={"x-emulator-fault": "shape=newer"}).data
    assert future[0].limit_reset == "fortnightly"


with client(MANAGEMENT_KEY) as management:
    keys = management.api_keys
    created = create_takes_every_parameter(keys)
    get_and_current_agree_with_create(keys, created)
    update_leaves_clears_and_sets(keys, created.data.hash)
    list_pages_and_filters(keys, created.data.hash)
    delete_answers_once(keys, created.data.hash)
    errors_are_the_documented_ones(keys)
    faults_reach_it(keys)
print("every operation behaved as the client expects")

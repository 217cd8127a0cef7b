"""The subject of the sender's certificate, pinned: read as Google's balancer and others write it,
believed only where its chain is verified, and no more forgeable than a fingerprint."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.support.faked_function import Function
from tests.support.row_by_row import row_by_row
from tests.unit.web.test_client_certificate import BALANCER, CLOUD, FORGER, OTHER, SENDER, headers
from webhook_core.settings.certificate_subjects import LONGEST, subject_of

ORG, SERVER = "TradingView, Inc.", "webhook-server@tradingview.com"
PINNED = {
    **CLOUD, "CLIENT_CERT_FINGERPRINTS": "",
    "CLIENT_CERT_SUBJECT": f"O={ORG}; emailAddress={SERVER}",
}  # fmt: skip
TEXT = f"emailAddress={SERVER},CN=TradingView Webhooks,O=TradingView\\, Inc.,L=Westerville,C=US"


def der(*attributes):
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    return base64.b64encode(name.public_bytes()).decode()


O, CN, EMAIL = NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME, NameOID.EMAIL_ADDRESS  # noqa: E741
THEIRS = der((NameOID.COUNTRY_NAME, "US"), (O, ORG), (CN, "TradingView Webhooks"), (EMAIL, SERVER))
LONG = der((O, ORG), (CN, "x" * 60), (EMAIL, SERVER), (NameOID.LOCALITY_NAME, "y" * 100))


def shown(subject=THEIRS, **changed):
    verified = {"x_client_cert_chain_verified": "true", "x_client_cert_subject_dn": subject}
    return headers(**{**verified, **changed})


def post(env, **sent):
    function = Function(env)
    answer = function.post(function.alert(), **sent)
    assert (answer.status == 200) == bool(function.venue.calls)
    return answer.status


@pytest.mark.parametrize(
    "subject",
    [
        THEIRS,
        THEIRS.rstrip("="),
        LONG,
        TEXT,
        TEXT.replace(",", ", ").replace("\\, ", "\\, "),
        TEXT.replace("emailAddress", "E"),
        f"O={ORG.replace(',', chr(92) + ',')}+CN=x,E={SERVER}",
    ],
)
def test_a_verified_subject_passes_whoever_wrote_it_down(subject):
    subject = subject.replace("\\,  ", "\\, ")
    assert post(PINNED, **shown(subject)) == 200


@row_by_row
@pytest.mark.parametrize(
    "changed",
    [
        {"x_client_cert_chain_verified": None},
        {"x_client_cert_chain_verified": "false"},
        {"x_client_cert_chain_verified": "true, false"},
        {"x_client_cert_chain_verified": "True"},
        {"x_client_cert_present": "false"},
        {"x_client_cert_subject_dn": None},
        {"x_client_cert_subject_dn": ""},
        {"x_client_cert_subject_dn": "client_cert_subject_dn_exceeded_size_limit"},
        {"x_client_cert_subject_dn": der((O, ORG))},
        {"x_client_cert_subject_dn": der((O, "TradingView Inc."), (EMAIL, SERVER))},
        {"x_client_cert_subject_dn": der((O, ORG.upper()), (EMAIL, SERVER))},
        {"x_client_cert_subject_dn": der((O, ORG), (O, "Thieves Ltd."), (EMAIL, SERVER))},
        {"x_client_cert_subject_dn": der((O, ORG), (O, ORG), (EMAIL, SERVER))},
        {"x_client_cert_subject_dn": der((CN, f"x,O={ORG},E={SERVER}"))},
        {"x_client_cert_subject_dn": f"CN=x\\,O={ORG},E={SERVER}"},
        {"x_client_cert_subject_dn": f'O="{ORG}",E={SERVER}'},
        {"x_client_cert_subject_dn": f"{THEIRS}, {THEIRS}"},
        {"x_client_cert_subject_dn": THEIRS[:-8]},
        {"x_client_cert_subject_dn": THEIRS + "AAAA"},
        {"forwarded": None},
        {"forwarded": f"{SENDER}, {FORGER}"},
        {"forwarded": f"{SENDER}, {BALANCER}, {FORGER}"},
    ],
    ids=str,
)
def test_a_forged_or_unverified_subject_is_turned_away_beside_the_right_token(changed):
    assert post(PINNED, **shown(**changed)) == 401


def test_where_both_are_pinned_both_have_to_hold():
    both = {**CLOUD, "CLIENT_CERT_SUBJECT": f"O={ORG}"}
    assert post(both, **shown()) == 200
    assert post(both, **shown(x_client_cert_hash=OTHER.hex())) == 401
    assert post(both, **shown(x_client_cert_chain_verified="false")) == 401
    assert post(CLOUD, **shown(x_client_cert_chain_verified="false")) == 200


@row_by_row
@pytest.mark.parametrize(
    "text",
    ["x" * (LONGEST + 1), "MAA", "MIA", "MIQ", "MA==", "AAAA", "O", "=x", "O=x,", "O=\\", "O=\\zz",
        "/C=US/O=TradingView", "O=é\\C3\\A9", "é", base64.b64encode(bytes(range(256))).decode()],
)  # fmt: skip
def test_what_is_no_subject_is_none_or_empty(text):
    assert not subject_of(text)

"""Columns that say who somebody is: are they seen, are others left alone, and does nothing of them remain."""

import hashlib
import hmac
import re
import tomllib

import numpy as np
import pandas as pd
import pytest

from schemas.columns import COLUMNS
from schemas.errors import DataError, DefinitionError
from schemas.identifiers import KEY_VARIABLE, note_absent, protect_identifiers
from schemas.identifying import find_identifying
from schemas.plans import IdentifiersPlan

KEY = "0123456789abcdef" * 4


def texts(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="str")


def under(header: str, *values: str) -> pd.DataFrame:
    return pd.DataFrame({header: pd.Series(list(values), dtype="str")})


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    return KEY


@pytest.mark.parametrize(
    ("header", "values", "kind"),
    [
        ("PatientName", ["Kari Nordmann", "Ola Nordmann"], "a name"),
        ("patientname", ["KARI", "OLA"], "a name"),
        ("Surname", ["Smith", "O'Brien"], "a name"),
        ("Fornavn", ["Kari", "Bjørn-Åge"], "a name"),
        ("ETTERNAVN", ["Hansen"], "a name"),
        ("Efternamn", ["Öberg"], "a name"),
        ("Navn", ["Kari Nordmann"], "a name"),
        ("Name", ["Müller, Jürgen"], "a name"),
        ("Nachname", ["Groß"], "a name"),
        ("Achternaam", ["de Vries"], "a name"),
        ("apellidos", ["García López"], "a name"),
        ("Nombre", ["María"], "a name"),
        ("Prénom", ["Hélène"], "a name"),
        ("SurgeonName", ["Anna Berg", "Per Dahl"], "a name"),
        ("surgeon", ["Anna Berg", "Dr. Per Dahl"], "a name"),
        ("next_of_kin", ["Anna Berg"], "a name"),
        ("E-mail", ["a.b@c.org", ""], "an e-mail address"),
        ("epost", ["a.b@c.no", "ikke oppgitt"], "an e-mail address"),
        ("Mobil", ["91234567", "40123456"], "a telephone number"),
        ("Tlf. privat", ["22 12 34 56"], "a telephone number"),
        ("patientPhoneNo", ["02079460958"], "a telephone number"),
        ("Telefoonnummer", ["06-12345678"], "a telephone number"),
        ("Fødselsnummer", ["12345678901"], "a national number"),
        ("personnr", ["811218-9876"], "a national number"),
        ("CPR", ["0101901234"], "a national number"),
        ("NHS Number", ["9434765919"], "a national number"),
        ("SSN", ["123456789"], "a national number"),
        ("BSN", ["111222333"], "a national number"),
        ("MRN", ["0012345", "0012346", "0012399"], "a hospital number"),
        ("hospital_number", ["H123456", "H123457", "H129999"], "a hospital number"),
        ("Postcode", ["SW1A 1AA", "ls29jt"], "a full postcode"),
        ("Postnummer", ["0150", "5003"], "a full postcode"),
        ("ZIP", ["02139", "94305-1234"], "a full postcode"),
        ("PLZ", ["10115"], "a full postcode"),
        ("DOB", ["1950-02-01"], "a date of birth"),
        ("Date of birth", ["01/02/1950"], "a date of birth"),
        ("birthDate", ["19500201"], "a date of birth"),
        ("Fødselsdato", ["01.02.1950"], "a date of birth"),
        ("Födelsedatum", ["1950-02-01"], "a date of birth"),
        ("Geburtsdatum", ["1.2.1950"], "a date of birth"),
        ("geboortedatum", ["1 feb 1950"], "a date of birth"),
        ("fecha_nacimiento", ["01-02-50"], "a date of birth"),
        ("Date de naissance", ["01/02/1950"], "a date of birth"),
        ("Address line 1", ["Storgata 5", "12 High Street"], "a street address"),
        ("Adresse", ["Hauptstraße 12"], "a street address"),
    ],
)
def test_headers_of_many_languages_are_seen(header: str, values: list[str], kind: str) -> None:
    assert find_identifying(under(header, *values)) == {header: kind}


# Made up; check digits worked out apart from the code, by the rules of those who issue the numbers.
NUMBERS = {
    "Norwegian": ["01019040034", "310165 40067", "44010170181"],
    "NHS": ["943 476 5919", "401 023 2137", "450 557 7104"],
    "Swedish": ["811228-9874", "670919-9530", "19900101-0017"],
    "Danish": ["010190-1234", "311265-4321", "150703-9999"],
    "Danish without a hyphen": ["0101909234", "3112657321", "1507039999"],
    "Finnish": ["131052-308T", "010190-900P"],
    "American": ["123-45-6789", "078-05-1120"],
    "Dutch": ["111222333", "010000008", "100000009"],
    "Spanish": ["12345678Z", "00000000T", "X1234567L"],
    "French": ["255081416802538"],
}


@pytest.mark.parametrize("country", NUMBERS)
def test_national_numbers_are_seen_by_their_check_digits(country: str) -> None:
    found = find_identifying(texts(id=NUMBERS[country], odi=["12"] * len(NUMBERS[country])))
    assert found == {"id": "a national number"}


@pytest.mark.parametrize("country", ["Norwegian", "NHS", "Swedish", "Dutch"])
def test_a_wrong_check_digit_is_no_national_number(country: str) -> None:
    wrong = [number.replace(" ", "")[:-1] + str((int(number[-1]) + 3) % 10) for number in NUMBERS[country]]
    assert find_identifying(texts(id=wrong)) == {}


@pytest.mark.parametrize("country", ["Norwegian", "Danish without a hyphen", "Dutch"])
def test_national_numbers_that_a_numeric_column_holds_are_seen(country: str) -> None:
    """A leading zero is lost in a number."""
    table = pd.DataFrame({"id": [float(number.replace(" ", "")) for number in NUMBERS[country]] + [np.nan]})
    assert find_identifying(table) == {"id": "a national number"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["+47 912 34 567", "+4791234568"], "a telephone number"),
        (["(555) 123-4567", "555-123-4568"], "a telephone number"),
        (["020 7946 0958", "07911 123456"], "a telephone number"),
        (["0171/1234567", "030-123456"], "a telephone number"),
        (["22 12 34 56", "912 34 567"], "a telephone number"),
        (["SW1A 1AA", "M1 1AE", "LS2 9JT"], "a full postcode"),
        (["kari@nordmann.no", "none", "ola@x.org", "a@b.de", "c@d.se"], "an e-mail address"),
    ],
)
def test_values_are_seen_under_any_header(values: list[str], kind: str) -> None:
    assert find_identifying(texts(v12=values)) == {"v12": kind}


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("PatientID", ["P000123", "P000124"]),
        ("PasientID", ["1000001", "1000002"]),
        ("operation_date", ["2020-01-02", "2021-03-04"]),
        ("op_datetime", ["2020-01-02 12:00", "2021-03-04 08:15"]),
        ("OpDato", ["02.01.2020", "04.03.2021"]),
        ("compact_date", ["20200102", "20210304", "20190506"]),
        ("started", ["1912310830", "2001021215", "2003041145"]),
        ("cpt_code", ["22612", "63047", "22558"]),
        ("icd", ["M48.06", "M51.2", "M54.16"]),
        ("atc", ["N02AA01", "N02AX02", "N02AA"]),
        ("levels", ["L4/5", "L5-S1", "L3-4"]),
        ("Provider Name", ["Leeds General Infirmary", "Royal Orthopaedic"]),
        ("Hospital", ["Ullevål", "Haukeland"]),
        ("hospital_no", ["12", "13"] * 30),
        ("Procedure name", ["Discectomy", "Fusion"]),
        ("Last implant name", ["Cage A", "Cage B"]),
        ("surgeon", ["S1-1", "S1-2"]),
        ("SurgeonName", ["K01", "K02"]),
        ("Surgeon", ["Consultant", "Trainee"]),
        ("patient", ["a1b2c3d4e5f60718293a4b5c6d7e8f90", "00112233445566778899aabbccddeeff"]),
        ("mobile", ["0", "1"]),
        ("Mobility", ["1", "2", "3"]),
        ("nombre_de_niveaux", ["2", "3"]),
        ("phone_follow_up", ["yes", "no"]),
        ("phone_date", ["2020-01-02", "2021-03-04"]),
        ("email_sent", ["true", "false"]),
        ("Postcode area", ["LS", "SW1A"]),
        ("ZIP3", ["021", "943"]),
        ("birth_year", ["1950", "1961"]),
        ("birth_month", ["1950-02", "1961-12"]),
        ("low_birth_weight", ["0", "1"]),
        ("levels_addressed", ["2", "3"]),
        ("score", ["12.5", "13.75"]),
        ("DOB", ["", ""]),
        ("note", ["12", "13", "+47 912 34 567"]),
    ],
)
def test_other_columns_are_left_alone(header: str, values: list[str]) -> None:
    assert find_identifying(under(header, *values)) == {}


def test_numbers_and_dates_are_left_alone() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({
        "odi": rng.integers(0, 50, 500) * 2.0,
        "sva_mm": rng.normal(40, 30, 500),
        "cells": rng.integers(10**9, 10**10, 500).astype(float),
        "case": 1e9 + np.arange(500.0),
        "surgery": pd.to_datetime("2020-01-01") + pd.to_timedelta(np.arange(500), unit="D"),
        "code": pd.Series(rng.integers(10**8, 10**11, 500).astype(str), dtype="str"),
        "blank": pd.Series([""] * 500, dtype="str"),
        "unknown": np.full(500, np.nan),
    })  # fmt: skip
    assert find_identifying(table) == {}
    assert find_identifying(table.head(0)) == {}


def test_no_name_of_the_dictionary_raises_an_alarm_except_the_date_of_birth() -> None:
    """Whatever a column of that name holds: texts that agree with the hints are the worst case."""
    for worst in ("1950-02-01", "Anna Berg", "0012345678", "Storgata 5"):
        found = find_identifying(pd.DataFrame({name: [worst] for name in COLUMNS}, dtype="str"))
        assert set(found) <= {"birth_date", "patient", "surgeon"}


def test_rare_values_are_found_among_blanks_and_the_sample_is_even() -> None:
    blank = [""] * 200_000
    blank[123_456] = "kari@nordmann.no"
    late = [f"x{i}" for i in range(5_000)] + [f"p{i}@x.org" for i in range(195_000)]
    assert find_identifying(texts(a=blank, b=late)) == {"a": "an e-mail address", "b": "an e-mail address"}


def test_what_the_plan_says_is_done(key: str) -> None:
    table = pd.DataFrame({
        "Name": pd.Series(["Kari Nordmann", "Ola Nordmann", "Kari Nordmann"], dtype="str"),
        "Nr": pd.Series(["010190-1234", "", " 010190-1234 "], dtype="str"),
        "Case": [17.0, np.nan, 18.0],
        "SurgeonName": pd.Series(["Anna Berg", "Anna Berg", "Per Dahl"], dtype="str"),
        "DOB": pd.to_datetime(["1950-01-01", "1960-01-01", "1950-01-01"]).astype("datetime64[us]"),
        "ODI": [44.0, 30.0, 12.0],
    })  # fmt: skip
    plan = IdentifiersPlan(drop=("Name", "Telephone"), pseudonymise=("Nr", "Case", "elsewhere"), allow=("SurgeonName",))
    kept = protect_identifiers(table, plan, source="a.csv", dates=["DOB"])
    expected = hmac.new(key.encode(), b"010190-1234", hashlib.sha256).hexdigest()[:32]
    assert kept.columns.tolist() == ["Nr", "Case", "SurgeonName", "DOB", "ODI"]
    assert kept["Nr"].tolist() == [expected, "", expected]
    assert kept["Case"].tolist() == [hmac.new(key.encode(), t, hashlib.sha256).hexdigest()[:32] for t in (b"17",)] + [
        "", hmac.new(key.encode(), b"18", hashlib.sha256).hexdigest()[:32],
    ]  # fmt: skip
    assert kept["Nr"].dtype == kept["Case"].dtype == "str"
    pd.testing.assert_frame_equal(kept[["SurgeonName", "DOB", "ODI"]], table[["SurgeonName", "DOB", "ODI"]])
    assert table["Nr"].tolist()[0] == "010190-1234"


def test_one_patient_has_one_pseudonym_in_all_tables_and_another_with_another_key(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = protect_identifiers(texts(Nr=["a", "b"]), IdentifiersPlan(pseudonymise=("Nr",)), source="a.csv")
    two = protect_identifiers(texts(Id=["b", "a"]), IdentifiersPlan(pseudonymise=("Id",)), source="b.csv")
    assert one["Nr"].tolist() == two["Id"].tolist()[::-1]
    monkeypatch.setenv(KEY_VARIABLE, KEY[::-1])
    other = protect_identifiers(texts(Nr=["a", "b"]), IdentifiersPlan(pseudonymise=("Nr",)), source="a.csv")
    assert set(other["Nr"]).isdisjoint(one["Nr"])
    assert all(re.fullmatch("[0-9a-f]{32}", text) for text in [*one["Nr"], *other["Nr"]])


def test_one_number_has_one_pseudonym_however_it_is_written(key: str) -> None:
    """As where keys are compared: whole numbers with and without decimals are one, leading zeros count."""
    written = {
        ".": [texts(Nr=["11.0", "011", "2.5"]), texts(Nr=["11", "011", "2.5"])],
        ",": [texts(Nr=["11,0", "011", "2,5"]), texts(Nr=["11", "011", "2,5"])],
    }
    plan = IdentifiersPlan(pseudonymise=("Nr",))
    for decimal, (one, two) in written.items():
        typed = pd.DataFrame({"Nr": [11.0, np.nan, 2.5]})
        made = [
            protect_identifiers(table, plan, source="a.csv", decimal=decimal)["Nr"].tolist()
            for table in (one, two, typed)
        ]
        assert made[0] == made[1]
        assert made[2] == [made[0][0], "", made[0][2]]
        assert len({*made[0]}) == 3
        assert made[0][0] == hmac.new(key.encode(), b"11", hashlib.sha256).hexdigest()[:32]


def test_what_the_plan_says_nothing_of_is_refused_without_a_value() -> None:
    table = texts(Navn=["Kari Nordmann"], Fnr=["12345678901"], SurgeonName=["Anna Berg"], ODI=["44"])
    plan = IdentifiersPlan(drop=("Comment",), allow=("SurgeonName",))
    with pytest.raises(DataError) as raised:
        protect_identifiers(table, plan, source="visits.csv")
    message = str(raised.value)
    assert message.startswith("visits.csv: what says who somebody is must be dropped, pseudonymised or allowed")
    assert "'Navn' looks like a name" in message
    assert "'Fnr' looks like a national number" in message
    assert not any(value in message for value in ("Kari", "12345678901", "Anna", "44", "ODI"))
    lines = message[message.index("[identifiers]") : message.index("or, for a header")]
    assert tomllib.loads(lines)["identifiers"] == {"drop": ["Comment", "Navn"], "pseudonymise": ["Fnr"]}
    settled = IdentifiersPlan(allow=plan.allow, **tomllib.loads(lines)["identifiers"])
    with pytest.raises(DataError, match=KEY_VARIABLE):
        protect_identifiers(table, settled, source="visits.csv")
    everything = message[message.index("allow = ") :].split(";")[0]
    assert tomllib.loads(everything)["allow"] == ["SurgeonName", "Navn", "Fnr"]


@pytest.mark.parametrize(("value", "state"), [(None, "it is not set"), ("short and secret", "it has 16")])
def test_a_key_must_be_there_and_long(value: str | None, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    if value:
        monkeypatch.setenv(KEY_VARIABLE, value)
    with pytest.raises(
        DataError, match=rf"must hold a secret key of 32 characters or more, {state}; .*openssl"
    ) as error:
        protect_identifiers(texts(Nr=["1"]), IdentifiersPlan(pseudonymise=("Nr",)), source="a.csv")
    assert value is None or value not in str(error.value)
    untouched = protect_identifiers(texts(Other=["1"]), IdentifiersPlan(pseudonymise=("Nr",)), source="a.csv")
    assert untouched.columns.tolist() == ["Other"]


def test_a_header_has_one_fate() -> None:
    plan = IdentifiersPlan(drop=("Nr",), allow=("Nr", "Name"))
    with pytest.raises(DefinitionError, match="must stand in one of drop, pseudonymise and allow only; in more: 'Nr'"):
        protect_identifiers(texts(Nr=["1"]), plan, source="a.csv")


def test_headers_that_no_table_has_are_noted() -> None:
    plan = IdentifiersPlan(drop=("Name",), pseudonymise=("PatientNmuber", "Nr"), allow=("nobody",))
    assert note_absent(plan, ["Name", "PatientNumber", "Nr"]) == (
        "identifiers.pseudonymise names 'PatientNmuber', which no table has; nearest is 'PatientNumber'",
    )


def test_the_day_of_birth_is_proposed_as_such_and_not_for_dropping() -> None:
    table = pd.DataFrame({"Født": ["1950-02-01"], "Fødselsdato": ["1950-02-01"], "Fornavn": ["Kari"]})
    with pytest.raises(DataError, match=r'drop = \["Fornavn"\]\n\[columns\.birth_date\]\nheader = "Fødselsdato"'):
        protect_identifiers(table.drop(columns="Født"), IdentifiersPlan(), source="x")
    with pytest.raises(DataError, match=r'definition:\n\[columns\.birth_date\]\nheader = "Fødselsdato"'):
        protect_identifiers(table[["Fødselsdato"]], IdentifiersPlan(), source="x")


def test_without_a_known_header_columns_are_named_by_their_position():
    table = texts(Kari=["kari@nordmann.no", "ola@nordmann.no"], Nr=["1", "2"])
    with pytest.raises(DataError, match="column 1 looks like an e-mail address") as caught:
        protect_identifiers(table, IdentifiersPlan(), source="a.csv", known={"age"})
    assert "Kari" not in str(caught.value)
    with pytest.raises(DataError, match="'Kari' looks like an e-mail address"):
        protect_identifiers(table, IdentifiersPlan(), source="a.csv", known={"Nr"})

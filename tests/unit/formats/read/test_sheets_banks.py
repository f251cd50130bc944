"""Tables as banks of many countries head them, without a mapping."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.statement import Continuity, EntryStatus
from gateway.formats.read.sheets import CSV
from gateway.formats.read.sheets_cells import constant, currency_in
from gateway.formats.read.sheets_columns import find, plain
from tests.unit.formats.read.ground import one

PLACES = {
    "Date opération;Date de valeur;Libellé;Débit;Crédit;Solde;Devise": (
        "booking_date value_date - debit credit balance currency"
    ),
    "F. Operación;F. Valor;Concepto;Importe;Saldo;Divisa;Beneficiario;Referencia": (
        "booking_date value_date - amount balance currency counterparty_name reference"
    ),
    "Data contabile;Data valuta;Descrizione;Dare;Avere": ("booking_date value_date - debit credit"),
    "Data;Histórico;Docto.;Crédito (R$);Débito (R$);Saldo (R$)": (
        "booking_date - entry_reference credit debit balance"
    ),
    "Data,Valor,Identificador,Descrição": "booking_date amount reference -",
    "Buchung;Wertstellungsdatum;Sender / Empfänger;IBAN / Konto-Nr.;Buchungstext;Betrag in EUR": (
        "booking_date value_date counterparty_name counterparty_account code amount"
    ),
    "Auftragskonto;Buchungstag;Valutadatum;Kontonummer;Betrag;Waehrung;Info": (
        "account booking_date value_date counterparty_account amount currency status"
    ),
    "Boekdatum;Rekeningnummer;Munt;Rekening tegenpartij;Naam tegenpartij;Bedrag;Mededeling": (
        "booking_date account currency counterparty_account counterparty_name amount -"
    ),
    "IBAN/BBAN;Munt;Datum;Rentedatum;Bedrag;Saldo na trn;Naam tegenpartij;Omschrijving-1": (
        "account currency booking_date value_date amount balance counterparty_name -"
    ),
    "#Data operacji;#Opis operacji;#Rachunek;#Kwota;#Saldo po operacji": (
        "booking_date - account amount balance"
    ),
    "ID operace;Datum;Objem;Měna;Protiúčet;Název protiúčtu;Zpráva pro příjemce": (
        "reference booking_date amount currency counterparty_account counterparty_name -"
    ),
    "Bokføringsdato;Beløp;Avsender;Mottaker;Navn;Tittel;Valuta": (
        "booking_date amount payer_account payee_account counterparty_name - currency"
    ),
    "Kontonummer,Valuta,Bokföringsdag,Valutadag,Beskrivning,Belopp,Bokfört saldo": (
        "account currency booking_date value_date - amount balance"
    ),
    "Dato;Valør;Tekst;Beløb;Saldo": "booking_date value_date - amount balance",
    "Kirjauspäivä;Arvopäivä;Määrä EUROA;Saaja/Maksaja;Viesti;Arkistointitunnus": (
        "booking_date value_date amount counterparty_name - reference"
    ),
    "年月日,お引出し,お預入れ,お取り扱い内容,残高": "booking_date debit credit - balance",
    "交易日期,對方帳號,對方戶名,交易金額,幣種,交易類型,備註": (
        "booking_date counterparty_account counterparty_name amount currency direction -"
    ),
    "Date,Payee,Account number,Amount (EUR)": (
        "booking_date counterparty_name counterparty_account amount"
    ),
    "Date;Amount;Account;Counterparty;Name;Description": (
        "booking_date amount account counterparty_account counterparty_name -"
    ),
    "Kontonummer;Text;Datum;Währung;Soll;Haben": "account - booking_date currency debit credit",
    "Buchungsdatum;Betrag;Auftraggebername;Auftraggeber IBAN/Kto.Nr.;Empfängername": (
        "booking_date amount payer_name payer_account payee_name"
    ),
    "Номер счета;Валюта;Дата операции;Описание операции;Приход;Расход": (
        "account currency booking_date - credit debit"
    ),
    "Дата операции;Дата обработки;Сумма операции;Сумма пересчитанная в валюту счета;Статус": (
        "value_date booking_date . amount status"
    ),
    "Date,Label,Currency,Amount,Partner Name,Bank Account": (
        "booking_date - currency amount counterparty_name counterparty_account"
    ),
    "Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance": (
        "booking_date - entry_reference value_date debit credit balance"
    ),
    "Fecha,Hora,Descripción,Divisa,Bruto,Neto,Saldo,Id. de transacción,Nombre": (
        "booking_date time - currency . amount balance reference counterparty_name"
    ),
    "Date,Amount,Currency,Payer Name,Payee Name,Running Balance": (
        "booking_date amount currency payer_name payee_name balance"
    ),
    "Date,Time,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID,Balance": (
        "booking_date time counterparty_name code status currency . . amount reference balance"
    ),
}


@pytest.mark.parametrize("header", PLACES)
def test_names_of_columns(header):
    names = header.split(";" if ";" in header else ",")
    found = find(names, {})
    assert found is not None
    said = {at: field for field, at in found.places.items()}
    told = [said.get(at, "-" if at in found.texts else ".") for at in range(len(names))]
    assert told == PLACES[header].split()


def test_accents_and_currencies_are_no_part_of_a_name():
    assert plain("Libellé  OPÉRATION") == plain("libelle operation")
    assert plain("Beløp") == plain("belop")
    found = find(["Datum", "Gutschrift CHF", "Belastung in CHF"], {})
    assert found is not None
    assert (found.unit, set(found.places)) == ("CHF", {"booking_date", "debit", "credit"})
    assert find(["Datum", "Gutschrift XQX"], {}) is None


def test_the_only_text_may_be_the_kind_of_booking():
    found = one(CSV, "Buchungstag;Buchungstext;Betrag in EUR\n02.01.2026;Miete;-12,00\n")
    assert (found.entries[0].remittance, found.start.currency) == ("Miete", "EUR")


def test_words_above_a_table():
    text = """Datum von:;01.01.2026
Datum bis:;31.01.2026
Konto:;CH0000000000000000001
Währung:;CHF

Buchungsdatum;Avisierungstext;Gutschrift in CHF;Lastschrift in CHF;Saldo in CHF
30.01.2026;Strom;;-100.50;899.50
29.01.2026;Lohn;1000.00;;1000.00
"""
    found = one(CSV, text)
    start, end = found.start, found.end
    assert (start.account, start.currency) == ("CH0000000000000000001", "CHF")
    assert (start.start, start.end) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (found.amounts, end.continuity) == (["-100.50", "1000.00"], Continuity.OK)


def test_a_dated_row_that_only_states_a_balance_is_no_entry():
    text = """Data;Histórico;Crédito (R$);Débito (R$);Saldo (R$)
02/01/26;SALDO ANTERIOR;;;1.000,00
15/01/26;ALUGUEL;;-50,00;950,00
16/01/26;VENDA;20,00;;970,00
"""
    found = one(CSV, text)
    assert (found.amounts, found.start.currency) == (["-50.00", "20.00"], "BRL")
    assert found.end.opening.amount.text(2) == "1000.00"
    assert found.end.continuity is Continuity.OK


def test_what_is_not_booked_yet():
    text = """Buchungsdatum;Status;Zahlungspflichtige*r;Zahlungsempfänger*in;Betrag (€)
18.08.26;Gebucht;ICH;LADEN;-13,99 €
19.08.26;Gebucht;FIRMA;ICH;2.000,00 €
20.08.26;Vorgemerkt;ICH;LADEN;-5,00 €
"""
    found = one(CSV, text)
    assert found.start.currency == "EUR"
    assert [it.status for it in found.entries] == [
        EntryStatus.BOOKED,
        EntryStatus.BOOKED,
        EntryStatus.PENDING,
    ]
    assert [it.counterparty_name for it in found.entries] == ["LADEN", "FIRMA", "LADEN"]


def test_a_table_with_a_column_for_one_side_only():
    found = one(CSV, "Date,Amount,Payee name\n2026-01-15,-1.00,A\n2026-01-16,2.00,B\n")
    assert [it.counterparty_name for it in found.entries] == ["A", "B"]


@pytest.mark.parametrize(
    ("cell", "beside"),
    [
        ("-25,50 PLN", "PLN"),
        ("EUR 12.00", "EUR"),
        ("1.000,00 €", "€"),
        ("-1 000,00 Kč", "Kč"),
        ("R$ 5,00", "R$"),
        ("12.00", ""),
        ("$12.00", ""),
        ("PLN", ""),
    ],
)
def test_a_currency_beside_an_amount(cell, beside):
    assert currency_in(cell) == beside


def test_currencies_that_differ_are_nobodys():
    text = "Date,Amount,Name\n2026-01-15,-1.00 PLN,A\n2026-01-16,2.00 EUR,B\n"
    assert "currency" in one(CSV, text).codes


def test_apostrophes_around_a_cell():
    assert [constant(it) for it in ("'1234'", "''", "'", "'tis", "'=1")] == [
        "1234",
        "''",
        "'",
        "'tis",
        "=1",
    ]


def test_lakhs_and_crores():
    text = """Date,Narration,Withdrawal Amt.,Deposit Amt.,Closing Balance
Opening Balance,,,,"1,25,000.00"
21/04/26,RENT,"1,250.00",,"1,23,750.00"
22/04/26,SALES,,"1,00,26,250.00","1,01,50,000.00"
"""
    found = one(CSV, text)
    assert found.amounts == ["-1250.00", "10026250.00"]
    assert found.end.continuity is Continuity.OK


def test_balances_above_and_below_and_what_is_called_an_account():
    text = """Numéro de compte : 01234;Nom du compte : DUPONT;Devise : EUR;

Solde en fin de période;;;150,00
Date;Libellé;Débit;Crédit
15/01/2026;VIREMENT;;100,00
16/01/2026;ACHAT;-50,00;
Solde en début de période;;;100,00
"""
    found = one(CSV, text)
    assert (found.start.account, found.start.currency) == ("01234", "EUR")
    assert (found.amounts, found.end.continuity) == (["100.00", "-50.00"], Continuity.OK)


def test_a_row_with_words_where_a_day_is_due_is_no_entry():
    found = one(CSV, "Date;Libellé;Montant\n15/01/2026;A;1,00\nReport à nouveau;;9,00\n")
    assert (found.amounts, "row" in found.codes) == (["1.00"], True)


@pytest.mark.parametrize(
    ("cell", "text"),
    [("'100020003000", "100020003000"), ("'0AN0000009", "0AN0000009"), ("'MARKET", "'MARKET")],
)
def test_numbers_that_an_apostrophe_keeps(cell, text):
    assert constant(cell) == text


def test_a_line_that_is_not_processed_yet_has_the_day_it_was_made():
    text = """Дата операции;Дата обработки;Сумма пересчитанная в валюту счета;Валюта счета;Статус
2026-07-06;2026-07-08;-4,50;RUR;Исполнено
2026-07-13 10:48:55;;-6,00;RUR;В обработке
"""
    first, second = one(CSV, text).entries
    assert (first.booking_date, first.value_date) == (date(2026, 7, 8), date(2026, 7, 6))
    assert (second.booking_date, second.status) == (date(2026, 7, 13), EntryStatus.PENDING)
    assert second.currency == "RUB"

"""How one says in German that something was done."""

from domain.claims.grammar import Language, rules
from domain.claims.shared import COMMON
from domain.order_action import Action

WORDS = {
    "refund": "erstattung erstattungen rückerstattung rückerstattungen rückzahlung rückzahlungen gutschrift rückbuchung"
    " rückvergütung rücküberweisung auszahlung",
    "money": "geld betrag beträge summe kaufpreis preis kosten versandkosten zahlung gebühr gebühren rechnungsbetrag"
    " gesamtbetrag restbetrag kaufbetrag porto differenz anzahlung",
    "order": "bestellung bestellungen auftrag aufträge kauf abo abonnement buchung vertrag",
    "cancellation": "stornierung storno annullierung kündigung",
    "exchange": "umtausch austausch tausch",
    "replacement": "ersatz ersatzlampe ersatzartikel ersatzlieferung ersatzteil ersatzgerät ersatzprodukt ersatzware"
    " ersatzpaket ersatzsendung neulieferung nachlieferung",
    "item": "artikel lampe produkt ware schuhe gerät",
    "new": "neu neue neuen neuer neues",
    "document": "rechnung rechnungen link mail mails e-mail email code passwort passwörter beleg quittung bestätigung"
    " etikett nachricht adresse anschrift datum termin katalog kopie gutschein gutscheine formular richtlinie"
    " richtlinien information informationen angebot angebote version paket sendung lieferung anleitung"
    " unser unsere unseren unserem zugangsdaten rücksendeetikett",
    "request": "antrag anfrage bitte wunsch gesuch",
    "account": "konto karte kreditkarte bank paypal bankkonto",
    "currency": "eur euro chf franken usd dollar pfund € $ £ ¥",
    "refunded": "erstattet zurückerstattet rückerstattet erstatteten zurückgezahlt zurückbezahlt rückvergütet"
    " zurücküberwiesen rücküberwiesen zurückgebucht rückgebucht",
    "returned": "überwiesen angewiesen gutgeschrieben zurückgeschickt zurückgegeben zurückbekommen zurückerhalten"
    " ausgezahlt zurückgesendet zurückgesandt zurücktransferiert",
    "cancelled": "storniert annulliert gekündigt stornierten stornierte",
    "exchanged": "umgetauscht ausgetauscht",
    "changed": "getauscht",
    "replaced": "ersetzt",
    "sent": "geschickt verschickt versendet versandt gesendet gesandt zugesandt zugeschickt losgeschickt abgeschickt",
    "processed": "bearbeitet veranlasst ausgeführt durchgeführt genehmigt bewilligt eingeleitet ausgelöst"
    " vorgenommen gebucht freigegeben getätigt vollzogen beauftragt vorgenommen angestoßen erledigt erstellt",
    "done": "bestätigt abgeschlossen erledigt erfolgt fertig raus beendet",
    "underway": "unterwegs",
    "left": "läuft rausgegangen abgegangen hinausgegangen",
    "have": "haben habe hat hatten",
    "been": "wurde wurden worden",
    "is": "ist sind",
    "we": "wir ich",
    "reader": "sie",
    "you": "ihnen ihr ihre ihren ihrem ihrer ihres dir dich dein deine deinen deiner",
    "not": "nicht nie niemals kein keine keinen keiner keinem keines weder nichts ohne",
    "if": "sobald wenn falls ob bevor ehe nachdem sofern solange damit"
    " würde würden hätte hätten wäre wären sollte sollten soweit",
    "may": "kann können könnte könnten darf dürfen möchte möchten müsste müssen muss dürfte",
    "will": "wird werden werde",
    "and": "und oder aber sondern",
    "any": "ein eine einen einer einem",
    "which": "welche welcher welches",
    "for": "gegen",
    "now": "jetzt nun bereits schon heute gestern soeben gerade hiermit eben",
    "back": "zurück",
    "confirm": "bestätigen bestätige",
    "got": "konnte konnten",
    "help": "fragen frage brauchen benötigen wünschen möchten schauen sehen prüfen",
    "arrive": "erreicht kommt trifft eingegangen angekommen",
    "see": "erhalten bekommen sehen",
    "to_refund": "erstatten zurückerstatten zurückzahlen",
    "to_cancel": "stornieren annullieren",
    "to_exchange": "umtauschen austauschen",
    "to_replace": "ersetzen",
    "to_process": "veranlassen anweisen",
    "sending": "schicken schicke senden sende versenden versende",
}

PHRASES = {
    "underway": "auf dem weg;in bearbeitung;in arbeit",
    "just": "konnten wir;konnte ich;wir konnten;ich konnte",
    "done": "auf den weg gebracht;in die wege geleitet",
    "returned": "rückgängig gemacht",
    "cancelled": "aus dem system genommen;aus dem system entfernt",
    "other": ", dass;, daß;nicht nur;kein problem;keine sorge;wird nicht;werden nicht;kein thema;sollten sie",
    "now": "in den nächsten tagen;in kürze",
    "if": "bis die;bis der;bis das;bis wir;bis sie;bis ihr;bis ihre;bis zum;bis zur;"
    "nach eingang;nach erhalt;nach ankunft;nach rückerhalt;ab eingang;ab erhalt",
}

ASKS = (
    "wurde wurden ist sind haben habe hat wird werden kann können könnte möchten wollen wann wo wie was warum wer"
    " welche ob soll sollen sollten"
)

GERMAN = Language(WORDS, PHRASES, ASKS, (
    *COMMON,
    *rules(
        Action.REFUND,
        "thus have we? gap8 refunded",
        "money few4 have we gap5 refunded/returned",
        "we gap6 refunded",
        "been gap8 refunded",
        "refunded been",
        "we gap5 to_refund got",
        "reader have gap3 refund gap2 see",
        "been gap8 money gap6 returned",
        "money span been gap6 returned",
        "money span returned been",
        "thus have we? gap6 money/amount gap5 returned",
        "money few3 have we gap5 returned",
        "reader have gap3 money gap2 returned",
        "thus have we? gap3 refund gap6 processed/sent/done/returned",
        "refund few4 have we gap4 processed/sent/returned",
        "been gap5 refund gap5 processed/returned",
        "refund span processed/done/returned been/is",
        "is gap6 refunded been",
        "been gap2 amount gap5 returned",
    ),
    *rules(
        Action.REFUND,
        "refund span is gap4 processed",
        "money span is gap4 refunded/returned",
        "refund few2 arrive you/reader",
        "unasked refund span is gap5 arrive",
        "refund/money span will few6 account other? end",
        "reader see few3 money/refund few4 now",
        "refund/money few2 if few8 account few2 end",
        "we to_refund few2 now",
        soft=True,
    ),
    *rules(
        Action.CANCEL,
        "thus have we? gap6 cancelled",
        "we gap3 cancelled",
        "unpaid been gap6 cancelled",
        "cancelled been",
        "we gap5 to_cancel got",
        "order few4 have we gap4 cancelled",
        "order few4 just gap4 to_cancel",
        "just gap5 to_cancel",
        "cancellation span processed been",
        "been gap4 cancellation gap4 processed",
    ),
    *rules(Action.CANCEL, "you few2 order span is gap3 cancelled", "is few2 you few2 order few4 cancelled", soft=True),
    *rules(
        Action.EXCHANGE,
        "thus have we? gap6 exchanged",
        "been gap6 exchanged",
        "exchanged been",
        "thus have we? gap3 for gap4 changed",
        "thus have we? gap5 for gap4 changed",
        "been gap4 for gap4 changed",
    ),
    *rules(Action.EXCHANGE, "exchange span is gap3 done/underway/processed", soft=True),
    *rules(
        Action.REPLACEMENT,
        "thus have we? gap5 replacement gap5 sent/processed",
        "replacement few3 have we gap5 sent/processed",
        "thus have we? gap5 replaced",
        "thus have we? gap4 fresh few3 sent",
        "been gap4 fresh few3 sent",
        "been gap4 replacement gap4 sent/processed",
        "replacement span sent been",
    ),
    *rules(
        Action.REPLACEMENT,
        "we sending few3 now gap4 replacement",
        "replacement span is gap3 sent/processed",
        "you replacement few1 arrive",
        soft=True,
    ),
))  # fmt: skip

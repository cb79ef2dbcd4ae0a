"""How one says in French that something was done."""

from domain.claims.grammar import Language, rules
from domain.claims.shared import COMMON
from domain.order_action import Action

WORDS = {
    "refund": "remboursement remboursements avoir virement",
    "money": "argent montant somme prix paiement frais coût total solde intégralité acompte différence",
    "order": "commande commandes achat achats abonnement réservation",
    "cancellation": "annulation résiliation",
    "exchange": "échange échanges",
    "replacement": "remplacement remplacements",
    "item": "article articles produit lampe chaussures",
    "new": "autre nouveau nouvel nouvelle neuf neuve",
    "document": "facture factures lien mail mails courriel email code reçu confirmation étiquette message adresse date"
    " catalogue copie formulaire politique conditions information informations offre version"
    " notice devis mot notre nos",
    "request": "demande demandes requête",
    "account": "compte carte banque paypal",
    "currency": "eur euro euros chf francs usd dollars € $ £ ¥",
    "refunded": "remboursé remboursée remboursés remboursées recrédité recréditée recrédités",
    "returned": "crédité créditée crédités créditées restitué restituée restitués rendu rendue rendus reversé reversée"
    " viré virée versé versée",
    "cancelled": "annulé annulée annulés annulées résilié résiliée",
    "exchanged": "échangé échangée échangés échangées",
    "replaced": "remplacé remplacée remplacés remplacées",
    "sent": "renvoyé renvoyée envoyé envoyée envoyés expédié expédiée expédiés émis émise posté",
    "processed": "effectué effectuée traité traitée réalisé réalisée validé validée approuvé approuvée accordé accordée"
    " lancé lancée initié initiée exécuté exécutée ordonné déclenché enregistré enregistrée finalisé finalisée accepté"
    " procédé complété",
    "done": "terminé terminée fait faite effective effectif clos achevé",
    "left": "parti partie",
    "have": "avons ai a ont",
    "been": "été",
    "is": "est sont êtes",
    "we": "nous j je on",
    "you": "vous votre vos",
    "not": "n ne pas jamais aucun aucune ni rien sans non",
    "if": "si quand lorsque lorsqu sitôt tant",
    "may": "peut peuvent pouvez pouvons pourrait pourrions pourrez doit doivent souhaitez voulez pourra aurait",
    "will": "sera seront serait aura allons va vais aurons auront",
    "and": "et ou mais",
    "any": "un une des",
    "which": "qui que qu dont",
    "for": "contre",
    "now": "désormais déjà maintenant aujourd hui hier",
    "back": "retour",
    "confirm": "confirmons confirme",
    "help": "question questions besoin souhaitez avez consultez",
    "arrive": "arrivera arrivent parviendra apparaîtra devrait",
    "see": "verrez recevrez retrouverez",
    "to_refund": "rembourser recréditer",
    "to_cancel": "annuler",
    "to_exchange": "échanger",
    "to_replace": "remplacer",
    "to_process": "effectuer procéder lancer émettre",
    "refunding": "remboursons rembourse",
    "sending": "envoyons envoie expédions expédie",
}

PHRASES = {
    "underway": "en route;en chemin;en cours;en transit",
    "got": "avez reçu;avez bien reçu",
    "been": "avez été;vient d être;viennent d être",
    "just": "venons de;viens de;venons d;viens d;avons pu;ai pu",
    "other": "non seulement;pas de souci;pas de problème;pas de soucis;n hésitez pas;sans frais;sans plus attendre;"
    "si besoin;s il vous plaît;ne vous inquiétez pas",
    "if": "dès que;dès qu;dès réception;une fois;après que;après réception;avant que;avant de;avant d;jusqu à;"
    "à condition;à réception;au cas où;t il;t elle;t ils;t elles;t on;dès lors;afin que;pour que",
    "now": "à l instant;dès maintenant;dès aujourd hui",
    "processed": "mis en place;pris en compte;prise en compte",
    "cancelled": "retiré de notre système;retirée de notre système",
}

ASKS = (
    "pourriez sauriez pourrais est a ont avez avons quand où comment pourquoi combien quel quelle peut pouvez"
    " souhaitez voulez"
)

FRENCH = Language(WORDS, PHRASES, ASKS, (
    *COMMON,
    *rules(
        Action.REFUND,
        "have gap3 processed/done few4 refund no_document no_request",
        "money/order span have? been gap4 refunded",
        "you few2 been gap3 refunded/returned",
        "money span you? have been gap3 returned",
        "have gap4 returned few4 account",
    ),
    *rules(
        Action.REFUND,
        "refund/money few4 arrive",
        "you see few3 refund/money no_request",
        "you few2 got gap3 refund no_request",
        "we few2 refunding few3 now",
        "you is few2 refunded end",
        "refund span is gap3 left",
        soft=True,
    ),
    *rules(
        Action.REPLACEMENT,
        "have act4 sent gap6 replacement",
        "fresh few4 have been gap2 sent",
        "have act4 sent gap6 fresh",
    ),
    *rules(Action.REPLACEMENT, "we few2 sending few2 now gap5 replacement", soft=True),
    *rules(Action.EXCHANGE, "have other? exchange", "have now exchange", "have been other? exchange"),
    *rules(
        Action.CANCEL,
        "order span have been gap3 cancelled",
    ),
    *rules(Action.CANCEL, "order span is gap3 now gap2 cancelled", soft=True),
))  # fmt: skip

"""How one says in Spanish that something was done."""

from domain.claims.grammar import Language, rules
from domain.claims.shared import COMMON
from domain.order_action import Action

WORDS = {
    "refund": "reembolso reembolsos reintegro devolución abono",
    "money": "dinero importe cantidad suma precio pago gastos coste costes monto total diferencia saldo",
    "order": "pedido pedidos compra compras suscripción reserva",
    "cancellation": "cancelación anulación",
    "exchange": "cambio cambios canje",
    "replacement": "reemplazo reemplazos sustitución repuesto sustituto",
    "item": "artículo artículos producto lámpara zapatos",
    "new": "otro otra nuevo nueva nuevos nuevas",
    "document": "factura facturas enlace correo correos código contraseña recibo confirmación etiqueta mensaje"
    " dirección fecha catálogo copia formulario política información oferta versión nuestro nuestra datos",
    "request": "solicitud solicitudes petición",
    "account": "cuenta tarjeta banco paypal",
    "currency": "eur euro euros chf usd dólares € $ £ ¥",
    "refunded": "reembolsado reembolsada reembolsados reembolsadas reintegrado reintegrada",
    "returned": "devuelto devuelta devueltos abonado abonada abonados ingresado ingresada transferido transferida"
    " devolvió acreditado acreditada",
    "cancelled": "cancelado cancelada cancelados canceladas anulado anulada anulados anuladas",
    "exchanged": "canjeado canjeada intercambiado intercambiada",
    "changed": "cambiado cambiada cambiados",
    "replaced": "reemplazado reemplazada sustituido sustituida repuesto",
    "sent": "enviado enviada enviados despachado despachada expedido mandado emitido emitida",
    "processed": "procesado procesada tramitado tramitada realizado realizada efectuado efectuada aprobado aprobada"
    " iniciado iniciada completado completada autorizado autorizada hecho hecha gestionado gestionada ordenado"
    " concedido concedida aceptado confirmado ejecutado",
    "done": "completado completada hecho hecha listo lista terminado terminada realizado realizada",
    "left": "salió",
    "have": "hemos he ha han habéis",
    "been": "sido fue fueron",
    "is": "está están queda quedan",
    "se": "se",
    "we": "nosotros",
    "reader": "usted ustedes",
    "you": "su sus le les te tu",
    "not": "no nunca jamás ningún ninguna ninguno ni nada sin tampoco",
    "if": "si cuando mientras hasta tras",
    "may": "puede pueden podemos podría podrían debe deben quiere desea pueda",
    "will": "será serán vamos va voy haya hayan hubiera",
    "and": "y e o pero",
    "any": "un una unos",
    "which": "que quien cual",
    "for": "por",
    "now": "ya ahora hoy ayer",
    "back": "vuelta",
    "confirm": "confirmamos confirmo",
    "help": "duda dudas pregunta preguntas necesita tiene desea mira",
    "arrive": "llegará aparecerá debería",
    "see": "verá recibirá",
    "to_refund": "reembolsar reembolsarle reembolsarles devolverle",
    "to_cancel": "cancelar anular cancelarle",
    "to_exchange": "cambiar canjear",
    "to_replace": "reemplazar sustituir",
    "to_process": "tramitar procesar hacer emitir realizar",
    "refunding": "reembolsamos reembolsé devolvimos reembolsándole reembolsando abonamos",
    "cancelling": "cancelamos anulamos cancelé anulé",
    "processing": "realizó efectuó procesó tramitó emitió completó",
    "sending": "enviamos envío mandamos",
}

PHRASES = {
    "got": "ha recibido",
    "have": "que hemos;que he;dé por;damos por;doy por",
    "underway": "va en camino;van en camino;en camino;en curso;en proceso;de camino;en marcha;en tránsito",
    "just": "procedido a;acabamos de;acabo de;hemos podido;pudimos",
    "other": "no solo;no sólo;no se preocupe;sin problema;no dude en;ningún problema;sin más",
    "if": "una vez;en cuanto;tan pronto;después de que;antes de;hasta que;en caso de;para que;desde la recepción;"
    "tras recibir;siempre que",
    "not": "todavía no;aún no",
}

ASKS = "ha han he hemos cuándo dónde cómo qué cuánto puede podría quiere desea"

SPANISH = Language(WORDS, PHRASES, ASKS, (
    *COMMON,
    *rules(
        Action.REFUND,
        "se few2 have few2 refunded",
        "se few2 have few2 returned few3 money/amount",
        "se few2 have few2 processed/sent gap4 refund no_document",
        "refund span se few2 have few2 processed/sent",
        "refund span se processing",
        "se few1 you? returned few4 money/amount",
        "money span se few2 have few2 returned/refunded",
        "now few2 refunding",
        "refunding gap6 now",
        "money span been returned",
    ),
    *rules(
        Action.REFUND,
        "refund/money few4 arrive",
        "refund/money few2 underway",
        "confirm few3 refund no_document",
        "see few2 refund/money",
        "got gap2 refund no_request",
        "refund/money span now is few3 account",
        "refund span is few2 processed/sent",
        "unasked refund of_it is gap2 processed/sent",
        soft=True,
    ),
    *rules(
        Action.CANCEL,
        "se few2 have few2 cancelled",
        "cancellation span se few2 have few2 processed/done",
        "cancellation span se processing",
        "cancelling few2 now",
        "now few2 cancelling",
    ),
    *rules(Action.CANCEL, "order span is few2 cancelled", "confirm few3 cancellation", soft=True),
    *rules(Action.EXCHANGE, "exchange span se few2 have few2 processed/done", "se few2 have few2 exchanged"),
    *rules(
        Action.REPLACEMENT,
        "se few2 have few2 sent gap4 replacement",
        "se few2 have few2 replaced",
        "have act3 sent gap5 fresh",
    ),
    *rules(
        Action.REPLACEMENT,
        "sending few2 now gap4 replacement/fresh",
        "fresh few2 underway",
        soft=True,
    ),
))  # fmt: skip

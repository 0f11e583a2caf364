"""What short messages want: tables of what people write."""

import pytest

from nlp import talk
from nlp.talk import Kind

Said = tuple[str, str, Kind]

PORTUGUESE: tuple[Said, ...] = (
    ("oi", "pt", "greeting"),
    ("Oiii", "pt", "greeting"),
    ("bom dia!", "pt", "greeting"),
    ("Boa tarde a todos", "pt", "greeting"),
    ("tudo bem?", "pt", "greeting"),
    ("Olá, boa noite, tudo bem com vocês?", "pt", "greeting"),
    ("obrigada", "pt", "thanks"),
    ("ok obrigado", "pt", "thanks"),
    ("valeu", "pt", "thanks"),
    ("Muito obrigado pela ajuda!", "pt", "thanks"),
    ("tchau, até amanhã", "pt", "goodbye"),
    ("ok", "pt", "acknowledgement"),
    ("👍", "pt", "acknowledgement"),
    ("👍🏽👍🏽", "pt", "acknowledgement"),
    ("entendi, beleza", "pt", "acknowledgement"),
    ("sim", "pt", "acknowledgement"),
    ("?", "pt", "noise"),
    ("...", "pt", "noise"),
    ("kkkk", "pt", "noise"),
    ("rsrsrs", "pt", "noise"),
    ("teste", "pt", "noise"),
    ("asdfgh", "pt", "noise"),
    ("a ponte caiu", "pt", "complaint"),
    ("", "pt", "noise"),
    ("oi, falta água na minha rua", "pt", "complaint"),
    ("O posto de saúde está sem médico desde março", "pt", "complaint"),
    ("Buraco enorme na Av. Brasil", "pt", "complaint"),
    ("o ônibus 353 não passa mais", "pt", "complaint"),
    ("faz 3 meses que espero a consulta", "pt", "complaint"),
    ("quebraram a lixeira da praça", "pt", "complaint"),
    ("A prefeitura deveria construir uma creche", "pt", "proposal"),
    ("Sugiro uma ciclovia na orla", "pt", "proposal"),
    ("bom dia, proponho abrir a biblioteca aos sábados", "pt", "proposal"),
    ("Vocês poderiam plantar árvores na praça?", "pt", "proposal"),
    ("Que tal um mutirão de limpeza?", "pt", "proposal"),
    ("Parabéns pela nova ponte", "pt", "praise"),
    ("Adorei o novo parque, ficou lindo!", "pt", "praise"),
    ("A equipe do hospital foi excelente", "pt", "praise"),
    ("Quando começa a vacinação?", "pt", "question"),
    ("como faço para renovar a carteira de motorista", "pt", "question"),
    ("boa tarde, o posto abre no sábado?", "pt", "question"),
    ("Quanto custa o IPTU?", "pt", "question"),
    ("quando vão consertar o buraco da minha rua?", "pt", "question"),
    ("seus idiotas", "pt", "abuse"),
    ("bando de ladrões!!!", "pt", "abuse"),
    ("vocês são uns palhaços", "pt", "abuse"),
    ("seus idiotas, falta água há uma semana", "pt", "complaint"),
    ("lixo", "pt", "complaint"),
    ("escola", "pt", "question"),
)

SPANISH: tuple[Said, ...] = (
    ("hola", "es", "greeting"),
    ("Holaaa!", "es", "greeting"),
    ("¡Buenos días!", "es", "greeting"),
    ("buenas tardes a todos", "es", "greeting"),
    ("¿qué tal?", "es", "greeting"),
    ("gracias", "es", "thanks"),
    ("muchas gracias por la ayuda", "es", "thanks"),
    ("ok gracias", "es", "thanks"),
    ("chau, hasta mañana", "es", "goodbye"),
    ("dale", "es", "acknowledgement"),
    ("listo, entendido", "es", "acknowledgement"),
    ("👌", "es", "acknowledgement"),
    ("¿?", "es", "noise"),
    ("jajaja", "es", "noise"),
    ("😂😂", "es", "noise"),
    ("prueba", "es", "noise"),
    ("hola, no hay agua en mi calle", "es", "complaint"),
    ("El hospital no tiene médicos", "es", "complaint"),
    ("Bache enorme en la avenida", "es", "complaint"),
    ("el colectivo nunca llega a horario", "es", "complaint"),
    ("hace dos meses que espero el turno", "es", "complaint"),
    ("La intendencia debería construir una plaza", "es", "proposal"),
    ("Propongo más bicisendas", "es", "proposal"),
    ("sugiero poner luces en el parque", "es", "proposal"),
    ("¿Podrían poner un semáforo en la esquina?", "es", "proposal"),
    ("Felicitaciones por el nuevo puente", "es", "praise"),
    ("me encantó la fiesta del barrio", "es", "praise"),
    ("¿Cuándo empieza la vacunación?", "es", "question"),
    ("cómo hago para renovar el carnet", "es", "question"),
    ("buenas, ¿hay turno el sábado?", "es", "question"),
    ("¿Cuándo van a arreglar el bache?", "es", "question"),
    ("son unos ladrones", "es", "abuse"),
    ("inútiles!!", "es", "abuse"),
    ("ladrones, cortaron la luz otra vez", "es", "complaint"),
    ("basura", "es", "complaint"),
    ("escuela", "es", "question"),
)

ENGLISH: tuple[Said, ...] = (
    ("hi", "en", "greeting"),
    ("Hello there!", "en", "greeting"),
    ("good morning everyone", "en", "greeting"),
    ("hey, how are you?", "en", "greeting"),
    ("thanks", "en", "thanks"),
    ("ok thank you very much", "en", "thanks"),
    ("Thanks for your help", "en", "thanks"),
    ("bye, see you later", "en", "goodbye"),
    ("ok", "en", "acknowledgement"),
    ("got it, great", "en", "acknowledgement"),
    ("✅", "en", "acknowledgement"),
    ("hahaha", "en", "noise"),
    ("lol", "en", "noise"),
    ("!!!", "en", "noise"),
    ("test", "en", "noise"),
    ("hi, there is no water in my street", "en", "complaint"),
    ("The bus is always late", "en", "complaint"),
    ("huge pothole on Main Street", "en", "complaint"),
    ("the lift doesn't work", "en", "complaint"),
    ("The lift doesn’t work", "en", "complaint"),
    ("I have been waiting for three months", "en", "complaint"),
    ("The council should build a playground", "en", "proposal"),
    ("I suggest more trees downtown", "en", "proposal"),
    ("hello, please add a bike lane", "en", "proposal"),
    ("Why not open the library on Sundays?", "en", "proposal"),
    ("Congratulations on the new bridge", "en", "praise"),
    ("I love the new park", "en", "praise"),
    ("Well done on the vaccination campaign", "en", "praise"),
    ("When does vaccination start?", "en", "question"),
    ("how do I renew my licence", "en", "question"),
    ("good afternoon, is the clinic open on Saturday?", "en", "question"),
    ("When will you fix the pothole?", "en", "question"),
    ("you are all idiots", "en", "abuse"),
    ("fuck off", "en", "abuse"),
    ("you thieves, the water has been off for weeks", "en", "complaint"),
    ("garbage", "en", "complaint"),
    ("school", "en", "question"),
)

ELSEWHERE: tuple[Said, ...] = (
    ("Wann beginnt die Impfung?", "de", "question"),
    ("In meiner Straße gibt es seit Montag kein Wasser", "de", "question"),
    ("👍", "de", "acknowledgement"),
    ("ok", "de", "acknowledgement"),
    ("Почему нет воды на нашей улице?", "ru", "question"),
    ("私の通りには水がありません", "ja", "question"),
)


@pytest.mark.parametrize(("text", "lang", "kind"), PORTUGUESE + SPANISH + ENGLISH + ELSEWHERE)
def test_kind_is_what_a_clerk_would_say(text: str, lang: str, kind: Kind) -> None:
    assert talk.kind(text, lang) == kind


WHOLE: tuple[tuple[str, str], ...] = (
    ("Não tem", "pt"),
    ("é um lixo esse governo, a escola caiu", "pt"),
    ("obrigado por nada, seguimos sem luz", "pt"),
    ("ok, mas e a escola?", "pt"),
    ("sim, ainda falta água", "pt"),
    ("não me responderam", "pt"),
    ("gracias por nada, seguimos sin luz", "es"),
    ("bueno, ¿y la escuela?", "es"),
    ("no me contestaron", "es"),
    ("thanks for nothing, still no power", "en"),
    ("ok but what about the school", "en"),
    ("you fixed nothing, useless", "en"),
    ("no power", "en"),
    ("hi my house burned down", "en"),
)


@pytest.mark.parametrize(("text", "lang"), WHOLE)
def test_courtesy_or_insult_around_a_matter_loses_nothing(text: str, lang: str) -> None:
    assert talk.kind(text, lang) in talk.WANTS


def test_case_and_accents_do_not_change_the_kind() -> None:
    assert talk.kind("NAO TEM AGUA NO BAIRRO", "pt") == "complaint"
    assert talk.kind("CUANDO ABREN EL PUENTE", "es") == "question"


FRAGMENTS: tuple[tuple[str, str], ...] = (
    ("desde segunda", "pt"),
    ("na rua das flores 120", "pt"),
    ("bairro norte", "pt"),
    ("rua das Acácias, 45", "pt"),
    ("também não tem ônibus", "pt"),
    ("e fede muito", "pt"),
    ("perto da escola", "pt"),
    ("há três semanas", "pt"),
    ("das 8 às 10", "pt"),
    ("todo dia", "pt"),
    ("CEP 90010-150", "pt"),
    ("aqui no centro de Pelotas", "pt"),
    ("desde el lunes", "es"),
    ("en la calle San Martín 300", "es"),
    ("barrio norte", "es"),
    ("y además huele mal", "es"),
    ("también falta luz", "es"),
    ("cerca del hospital", "es"),
    ("hace tres semanas", "es"),
    ("since Monday", "en"),
    ("on Oak Street 12", "en"),
    ("north side", "en"),
    ("and it stinks", "en"),
    ("also no buses", "en"),
    ("near the school", "en"),
    ("for three weeks", "en"),
    ("every day", "en"),
)


@pytest.mark.parametrize(("text", "lang"), FRAGMENTS)
def test_addition_to_what_was_said_is_a_fragment(text: str, lang: str) -> None:
    assert talk.is_fragment(text, lang)


MATTERS: tuple[tuple[str, str], ...] = (
    ("falta água na minha rua", "pt"),
    ("quando abre o posto?", "pt"),
    ("Não tem luz no bairro Floresta", "pt"),
    ("Na minha rua falta água desde segunda-feira de manhã", "pt"),
    ("sugiro uma ciclovia", "pt"),
    ("sem luz", "pt"),
    ("buraco na rua", "pt"),
    ("parabéns pela ponte", "pt"),
    ("oi", "pt"),
    ("obrigado", "pt"),
    ("👍", "pt"),
    ("kkkk", "pt"),
    ("seus idiotas", "pt"),
    ("hoje o ônibus não passou no meu bairro", "pt"),
    ("no hay agua", "es"),
    ("¿cuándo abre?", "es"),
    ("En mi barrio no hay agua desde el lunes", "es"),
    ("propongo una plaza", "es"),
    ("hola", "es"),
    ("no water in my street", "en"),
    ("when does it open?", "en"),
    ("In my street there has been no water since Monday", "en"),
    ("the council should build a playground", "en"),
    ("no power", "en"),
    ("thanks", "en"),
    ("", "en"),
)


@pytest.mark.parametrize(("text", "lang"), MATTERS)
def test_matter_or_courtesy_is_no_fragment(text: str, lang: str) -> None:
    assert not talk.is_fragment(text, lang)


ANNOUNCED: tuple[tuple[str, str], ...] = (
    ("quero fazer uma pergunta", "pt"),
    ("Bom dia, tenho uma dúvida", "pt"),
    ("gostaria de registrar uma reclamação", "pt"),
    ("oi, posso tirar uma dúvida?", "pt"),
    ("preciso de ajuda", "pt"),
    ("tengo una queja", "es"),
    ("Hola, quisiera hacer una pregunta", "es"),
    ("necesito ayuda por favor", "es"),
    ("I have a question", "en"),
    ("hi, can I ask a question?", "en"),
    ("I'd like to make a complaint", "en"),
    ("I want to report a problem", "en"),
    ("I need help", "en"),
)


@pytest.mark.parametrize(("text", "lang"), ANNOUNCED)
def test_announced_matter_needs_more(text: str, lang: str) -> None:
    assert talk.needs_more(text, lang)
    assert talk.kind(text, lang) in talk.WANTS


STATED: tuple[tuple[str, str], ...] = (
    ("tenho uma reclamação: o ônibus não passa", "pt"),
    ("quero saber quando abre o posto", "pt"),
    ("oi", "pt"),
    ("falta água", "pt"),
    ("tengo una pregunta sobre el hospital", "es"),
    ("gracias", "es"),
    ("I have a question about parking permits", "en"),
    ("there is no water", "en"),
    ("", "en"),
)


@pytest.mark.parametrize(("text", "lang"), STATED)
def test_stated_matter_needs_no_more(text: str, lang: str) -> None:
    assert not talk.needs_more(text, lang)


@pytest.mark.parametrize(
    ("said", "lang"),
    [
        ("meu filho está desmaiado, preciso de ambulância", "pt"),
        ("mi vecino tiene un infarto", "es"),
        ("my brother is not breathing", "en"),
        ("não aguento mais, penso em me matar", "pt"),
        ("Não quero mais viver.", "pt"),
        ("ando com vontade de morrer", "pt"),
        ("penso em tirar a minha vida", "pt"),
        ("meu marido me bate e disse que vai me matar", "pt"),
        ("recebi uma ameaça de morte por ter denunciado", "pt"),
        ("no quiero vivir más", "es"),
        ("me quiero morir", "es"),
        ("pienso en quitarme la vida", "es"),
        ("mi esposo me pega todas las noches", "es"),
        ("I want to die, I can't go on", "en"),
        ("I don’t want to live anymore", "en"),
        ("sometimes I think of hurting myself", "en"),
        ("he threatened to kill me if I tell", "en"),
    ],
)
def test_who_seems_in_danger_is_noticed(said: str, lang: str) -> None:
    assert talk.urgent(said, lang)
    assert talk.kind(said, lang) in talk.WANTS, "it is a matter all the same"


@pytest.mark.parametrize(
    ("said", "lang"),
    [
        ("falta água na rua", "pt"),
        ("o lixo bate na minha porta quando chove", "pt"),
        ("vão me cortar a luz amanhã", "pt"),
        ("onde quero viver não passa ônibus", "pt"),
        ("quiero vivir en un barrio con cloacas", "es"),
        ("me pega el sol en la parada", "es"),
        ("the bus is late", "en"),
        ("this heat is killing the trees on our street", "en"),
        ("where do I want to live? nearer to the station", "en"),
    ],
)
def test_an_ordinary_matter_is_no_emergency(said: str, lang: str) -> None:
    assert not talk.urgent(said, lang)


@pytest.mark.parametrize(
    ("said", "lang"),
    [
        ("já faz três dias", "pt"),
        ("da escola Castro Alves", "pt"),
        ("ya hace dos semanas", "es"),
        ("it's on Garça avenue", "en"),
    ],
)
def test_a_place_or_a_time_adds_to_what_was_said(said: str, lang: str) -> None:
    assert talk.is_fragment(said, lang)


@pytest.mark.parametrize(
    ("said", "lang"), [("Vai se foder", "pt"), ("vocês são uns merdas", "pt"), ("VTNC", "pt")]
)
def test_an_insult_alone_is_no_request(said: str, lang: str) -> None:
    assert talk.kind(said, lang) == "abuse"

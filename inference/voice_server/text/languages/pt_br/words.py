"""Abbreviations, letters, addresses and symbols in Brazilian Portuguese."""

from voice_server.text.abbreviations import Abbreviations
from voice_server.text.acronyms import Letters
from voice_server.text.languages.pt_br.numbers import ROMAN
from voice_server.text.languages.tables import pairs, word_set, words
from voice_server.text.web import Web

ABBREVIATIONS = Abbreviations(
    anywhere=pairs("""
        dr       | doutor
        drs      | doutores
        dra      | doutora
        dras     | doutoras
        sr       | senhor
        srs      | senhores
        sra      | senhora
        sras     | senhoras
        srta     | senhorita
        prof     | professor
        profs    | professores
        profa    | professora
        profª    | professora
        eng      | engenheiro
        enga     | engenheira
        engª     | engenheira
        arq      | arquiteto
        adv      | advogado
        exmo     | excelentíssimo
        exma     | excelentíssima
        ilmo     | ilustríssimo
        ilma     | ilustríssima
        av       | avenida
        trav     | travessa
        rod      | rodovia
        pça      | praça
        jd       | jardim
        edif     | edifício
        apto     | apartamento
        apt      | apartamento
        tel      | telefone
        cel      | celular
        depto    | departamento
        dept     | departamento
        ltda     | limitada
        cia      | companhia
        etc      | etcétera
        obs      | observação
        ex       | exemplo
        pág      | página
        pag      | página
        págs     | páginas
        séc      | século
        sécs     | séculos
        caps     | capítulos
        vol      | volume
        vols     | volumes
        fig      | figura
        figs     | figuras
        ref      | referência
        máx      | máximo
        mín      | mínimo
        aprox    | aproximadamente
        gov      | governador
        gal      | general
        maj      | major
        sgto     | sargento
        desemb   | desembargador
        jr       | júnior
        sto      | santo
        sta      | santa
        qtd      | quantidade
        qtde     | quantidade
    """),
    before_names=pairs("""
        d        | dom
        s        | são
        r        | rua
        al       | alameda
        pe       | padre
        fr       | frei
        dr       | doutor
        dra      | doutora
        sr       | senhor
        sra      | senhora
        srta     | senhorita
        prof     | professor
        profa    | professora
        av       | avenida
        gen      | general
        cap      | capitão
        min      | ministro
        dep      | deputado
        cel      | coronel
    """),
    before_numbers=pairs("""
        p        | página
        pg       | página
        pp       | páginas
        fl       | folha
        fls      | folhas
        n        | número
        nr       | número
        art      | artigo
        arts     | artigos
        inc      | inciso
        cap      | capítulo
        ed       | edição
        v        | volume
        bl       | bloco
        ap       | apartamento
        km       | quilômetro
        tel      | telefone
        dec      | decreto
        r        | rua
    """),
    phrases=pairs(
        """
        p. ex.;p.ex.         | por exemplo
        a.C.;a. C.      | antes de Cristo
        d.C.;d. C.           | depois de Cristo
        S.A.;S. A.;S/A       | ésse á
        V. Exa.;V.Exa.;V. Ex.ª;V. Exª | Vossa Excelência
        V. Sa.;V.Sa.         | Vossa Senhoria
        i.e.                 | isto é
        c/c                  | combinado com
        s/n;S/N              | sem número
        c/                   | com
        p/                   | para
        nº;Nº;n°;N°;n.º;n.°;N.º | número
        nºs;n.ºs             | números
        Prof.ª;Profª.;Profª  | Professora
        Dr.ª;Drª.;Drª        | Doutora
        Sr.ª;Srª.;Srª        | Senhora
        P.S.;PS:             | pós-escrito
        3ª-feira;3ª feira;3a-feira;3a feira;3.ª-feira;3.ª feira;3ª-Feira;3ª Feira | terça-feira
        3ªs-feiras;3ªs feiras;3as-feiras | terças-feiras
        """,
        between=";",
    ),
    words=pairs("""
        vc       | você
        vcs      | vocês
        tb       | também
        tbm      | também
        pq       | porque
        qdo      | quando
        blz      | beleza
        hj       | hoje
        msg      | mensagem
        msgs     | mensagens
        ltda     | limitada
        apto     | apartamento
        rsrs     | risos
        kkk kkkk kkkkk | rá rá rá
        kms      | quilômetros
    """),
    regions=pairs("""
        AC | Acre
        AL | Alagoas
        AM | Amazonas
        AP | Amapá
        BA | Bahia
        CE | Ceará
        DF | Distrito Federal
        ES | Espírito Santo
        GO | Goiás
        MA | Maranhão
        MG | Minas Gerais
        MS | Mato Grosso do Sul
        MT | Mato Grosso
        PA | Pará
        PB | Paraíba
        PE | Pernambuco
        PI | Piauí
        PR | Paraná
        RJ | Rio de Janeiro
        RN | Rio Grande do Norte
        RO | Rondônia
        RR | Roraima
        RS | Rio Grande do Sul
        SC | Santa Catarina
        SE | Sergipe
        SP | São Paulo
        TO | Tocantins
    """),
    closing=word_set("etc ltda jr máx mín S.A. a.C. d.C.") | {"S. A.", "a. C.", "d. C."},
    before_women={"d": "dona"},
    women=r"[A-ZÀ-Ý][a-zà-ÿ]{1,20}+(?<=a)\b|(?:Beatriz|Carmen|Conceição|Ester|Inês|Iracy|Isabel|Lourdes|Raquel)\b",
    pointless=word_set("dr dra sr sra srta prof profa av"),
)

LETTERS = Letters(
    # Accents where the plain name is another word: ele, esse, e, a, o.
    names=dict(
        zip(
            "abcdefghijklmnopqrstuvwxyzç",
            words(
                "á bê cê dê é efe gê agá i jota cá éle eme ene ó pê quê erre ésse tê u vê dáblio xis "
                "ípsilon zê cê-cedilha"
            ),
            strict=True,
        )
    ),
    plural="s",
    alone="BCDFGHJKLMNPQRSTVWXYZ",
    spelled=word_set(
        "IBGE CPF CNPJ RG INSS BNDES IPVA IPTU ICMS ISS IOF FGTS IPCA IGPM INPC CLT CEO CFO CTO STF STJ "
        "TSE TST TCU AGU CGU PGR MPF OAB PF PRF PM BO CPI MP PL PT MDB PSDB PDT PSB PP PSD UE EUA OMS OMC "
        "OEA OIT FMI BCE UTI TV DVD CD USB GPS PDF API HTML URL SMS QR IA TI RH UFRJ UFMG UERJ UNB MBA "
        "EAD DNA RNA HIV HPV CBF COB NBA UFC SBT CNN BBC IBM HP LG PC SSD GPU CPU CNH UF DDD CRM LGPD FM "
        "SP RJ MG RS PR SC BA DF MS MT PB RN RR TTS ID IR MMA"
    ),
    as_words=word_set(
        "ONU OTAN SUS PIB USP PUC FIFA UEFA NASA UNESCO UNICEF OPEP AIDS COVID PETROBRAS EMBRAPA ANVISA "
        "ANATEL ANEEL ENEM FUVEST SENAI SESC SENAC SESI SEBRAE IBAMA FUNAI INCRA INPE IPEA SELIC COPOM "
        "CAPES PEC CEP RAM ROM VIP PIX MEI ONG SAMU DETRAN PROCON PSOL ENADE SISU PROUNI MERCOSUL UNICAMP "
        "UNESP MASP CADE COAF CONMEBOL BRICS SERASA LASER RADAR OVNI VAR BOPE ROTA UPA LIBRAS IPHONE GOL "
        "LATAM FAB TIM COP MEC INEP FIES FIOCRUZ"
    ),
    labels=ROMAN.parts
    | word_set("plano vitamina turma série sala ala torre prédio casa hepatite opção item"),
    common=word_set(
        "a ao aos as até aí bem boa bom boas bons cá com da das de dei deu dia dias diz do dos dor é ei "
        "ela ele em era eu eis fé fez fim foi for fui ir ia já lá lar lei ler li lua luz mal mão mar mas "
        "mau me mês meu mil mãe na nas nem no nos nó nós não num oi ok olá ou oba opa ora pai par paz pé "
        "pó por pra pro que quê rei ri rio rir rua sal se sei sem ser seu si sim só sob sol som sou sua "
        "são tal tão te tem teu ter tia tio tu tua um uma uns uau vai vão vê ver vez vi via vil vir voz "
        "vou xô voa uva ovo asa ano avó avô mel céu cor dez ira lã pão rã réu sul nu nua ai ah eh oh uh "
        "hum rs dom ato aos pus oca olé aba ama amo usa uso use sul boi rol til ria viu"
    ),
    syllable=(
        "(?:[bcdfgptv][rl]|[clnt]h|[qg]u|[bcdfghjklmnpqrstvwxz])?[aeiouy]{1,2}(?:ns|[lrsmnxz])?(?=$|[b-df-hj-np-tv-z])"
    ),
)

WEB = Web(
    marks={
        ".": "ponto",
        "/": "barra",
        "-": "hífen",
        "_": "underline",
        "+": "mais",
        "~": "til",
        "%": "por cento",
    },
    at="arroba",
    hashtag="hashtag",
    domains=word_set(
        "com br org net gov edu io tv app dev info biz pt es us uk eu ai me co online site blog store shop"
    ),
)

SYMBOLS = {
    "R$": "reais",
    "US$": "dólares",
    "&": "e",
    "@": "arroba",
    "%": "por cento",
    "$": "cifrão",
    "€": "euros",
    "£": "libras",
    "¥": "ienes",
    "§": "parágrafo",
    "+": "mais",
    "=": "igual a",
    "×": "vezes",
    "÷": "dividido por",
    "±": "mais ou menos",
    "≤": "menor ou igual a",
    "≥": "maior ou igual a",
    "≠": "diferente de",
    "≈": "aproximadamente",
    "∞": "infinito",
    "√": "raiz de",
    "°": "graus",
}

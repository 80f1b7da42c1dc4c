"""Common given names and surnames by culture, and the parts of made-up surnames: what surrogates are taken from.

A name that stands in one of these lists becomes another one of the same list, so that gender and culture stay. They are
names that very many people have, written from general knowledge; each word stands in one list only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

# culture: women's names; men's names; surnames
_LISTS: Final[Mapping[str, str]] = {
    "english": """
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen nancy lisa margaret betty sandra
    ashley dorothy kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca sharon laura
    cynthia amy kathleen angela shirley brenda emma anna pamela nicole samantha katherine helen debra rachel
    carolyn janet jane;
    james robert john michael david william richard joseph thomas christopher charles daniel matthew anthony
    mark donald steven andrew paul joshua kenneth kevin brian timothy ronald george jason edward jeffrey ryan
    jacob nicholas gary eric jonathan stephen larry justin scott brandon benjamin samuel gregory alexander
    patrick frank;
    smith johnson williams brown jones miller davis wilson anderson taylor moore jackson martin lee thompson
    white harris clark lewis robinson walker young allen king wright hill green adams baker nelson carter
    mitchell roberts turner phillips campbell parker evans edwards collins stewart morris rogers reed cook
    morgan bell murphy bailey
    """,
    "spanish": """
    maría carmen josefa isabel dolores pilar teresa lucía mercedes rosario juana guadalupe ximena valentina
    camila gabriela mariana daniela fernanda alejandra beatriz rocío inés consuelo esperanza yolanda;
    josé antonio manuel francisco javier juan miguel ángel pedro alejandro fernando luis pablo jorge alberto
    diego raúl enrique ramón vicente andrés joaquín santiago eduardo rafael;
    garcía rodríguez gonzález fernández lópez martínez sánchez pérez gómez jiménez ruiz hernández díaz moreno
    muñoz álvarez romero alonso gutiérrez navarro torres domínguez vázquez ramos gil ramírez serrano blanco
    molina morales
    """,
    "french": """
    camille léa manon chloé juliette louise margaux océane mathilde élodie aurélie céline sylvie nathalie
    isabelle françoise monique brigitte véronique hélène geneviève odile solange;
    jean pierre michel andré philippe rené louis alain jacques bernard marcel claude gérard guy françois olivier
    laurent thierry étienne mathieu guillaume baptiste clément;
    dubois durand leroy moreau lefebvre lefèvre fournier girard bonnet dupont lambert fontaine rousseau mercier
    blanchard faure chevalier gauthier perrin morel garnier legrand renard roux
    """,
    "german": """
    ursula sabine monika petra renate brigitta helga gisela karin ingrid claudia heike birgit katharina susanne
    annette greta lieselotte hannelore mathilda frieda;
    hans klaus jürgen dieter wolfgang günter manfred uwe heinz stefan torsten matthias holger friedrich heinrich
    ludwig rainer detlef joachim bernd karl;
    müller schmidt schneider fischer weber meyer wagner becker schulz hoffmann schäfer koch bauer richter wolf
    schröder neumann schwarz zimmermann krüger hartmann lange werner krause lehmann köhler vogel
    """,
    "italian": """
    maria giulia chiara francesca alessia martina giorgia elisa ilaria paola lucia giovanna rosa concetta
    antonella simona federica valeria silvia;
    giuseppe giovanni mario luigi francesco angelo vincenzo salvatore domenico carlo franco roberto stefano
    alessandro andrea matteo lorenzo riccardo;
    rossi russo ferrari esposito bianchi romano colombo ricci marino greco conti gallo mancini costa rizzo
    lombardi moretti barbieri fontana santoro mariani rinaldi caruso
    """,
    "portuguese": """
    ana adriana juliana márcia aline bruna larissa letícia vitória catarina leonor matilde benedita conceição;
    joão tiago rui nuno gonçalo duarte vasco afonso paulo sérgio márcio thiago rodrigo caio otávio henrique;
    silva santos oliveira souza lima pereira ferreira rodrigues almeida nascimento carvalho araújo ribeiro
    monteiro mendes barros freitas barbosa pinto teixeira
    """,
    "polish": """
    agnieszka małgorzata katarzyna ewa krystyna elżbieta zofia joanna danuta halina beata dorota jolanta
    aleksandra magdalena;
    krzysztof andrzej piotr stanisław tomasz paweł marcin michał grzegorz jerzy tadeusz zbigniew ryszard
    wojciech łukasz mariusz;
    nowak kowalski kowalska wiśniewski wiśniewska wójcik kowalczyk kamiński kamińska lewandowski lewandowska
    zieliński zielińska szymański szymańska woźniak dąbrowski dąbrowska kozłowski jankowski mazur krawczyk
    """,
    "nordic": """
    ingeborg astrid solveig sigrid kirsten britta anneli kristina margareta birgitta gunilla maja freja elin
    linnea tuula;
    lars anders per nils erik björn sven gunnar magnus ola håkan leif mikkel søren rasmus jens;
    andersson johansson karlsson nilsson eriksson larsson olsson persson svensson gustafsson hansen johansen
    olsen larsen jensen nielsen christensen pedersen sørensen virtanen korhonen
    """,
    "indian": """
    priya ananya lakshmi sunita kavita deepa meena pooja neha shreya divya rekha usha anjali geeta radha swati
    nisha;
    rajesh suresh ramesh vijay anil sanjay arjun rahul amit vikram ravi mohan krishna sunil ashok manoj deepak
    harish;
    patel sharma singh kumar gupta reddy nair iyer mehta shah joshi desai rao verma agarwal chatterjee banerjee
    mukherjee kapoor malhotra pillai menon
    """,
    "chinese": """
    xiuying meiling lihua xiaoyan yanping guihua yufen xiulan shufen jing yan na fang;
    wei jianguo zhiqiang guoqiang haoran junjie zihao yichen jun lei bo feng;
    wang li zhang liu chen yang huang zhao wu zhou xu sun zhu gao lin guo zheng liang
    """,
    "japanese": """
    yuki sakura haruka yoko keiko akiko naoko tomoko misaki aoi hina emi;
    hiroshi takashi kenji satoshi makoto kazuo haruto yuto sota ren kenta daisuke;
    sato suzuki takahashi tanaka watanabe ito yamamoto nakamura kobayashi kato yoshida yamada sasaki matsumoto
    inoue kimura hayashi shimizu
    """,
    "korean": """
    jiwoo seoyeon minseo jimin soyeon hyejin eunji yuna sujin minji;
    minjun seojun dohyun jihoon hyunwoo junseo sungmin youngho donghyun taeyang;
    kim park choi jung kang cho yoon jang lim han oh seo shin kwon hwang
    """,
    "vietnamese": """
    lan hoa mai thuy huong linh nga phuong trang ngoc;
    dung hung tuan minh nam long quang hieu thanh khoa;
    nguyen tran pham hoang phan vu dang bui ngo duong ly
    """,
    "arabic": """
    fatima aisha maryam khadija zainab layla noor amina hana salma rania yasmin huda samira;
    mohammed ahmed mahmoud ali omar hassan hussein ibrahim khalid yusuf mustafa abdullah tariq karim;
    haddad khoury mansour nasser saleh hamdan najjar abbas qasim sabbagh farah aziz rashid bakr
    """,
    "west-african": """
    ngozi chioma adaeze amara funmilayo folake yetunde abena akosua efua ama aminata;
    chinedu emeka obinna oluwaseun tunde kwame kofi kwabena yaw mamadou ousmane ibrahima;
    okafor okonkwo adeyemi adebayo balogun eze mensah owusu boateng asante diallo traore ndiaye keita
    """,
}
STEMS: Final = (
    "ald ash bar bay beck bel birch black bram bright brook bur cal car chal cold cor cran dal dar dun east eld elm fair "
    "fal farn fern fox gar glen gran hal har hart hay hazel hol hun ing kel ken kirk lang lar lin lock mal mar mel mil "
    "mor nor oak or pel pem pen pres rad ran raven red rex ring rock ros row rush sal sand sel shel sher sil stan stein "
    "stock strat sul sun sut tal tar thorn til tol tre tun ul van ver wal war wel wen whit wil win wood wyn yar yel"
).split()
ENDINGS: Final = (
    "bourne bridge brook burn bury by cliffe combe cott croft dale den ding don dorn ell ensen er ett ey ferd field fold "
    "ford gate grave grove ham hart holm hurst ing ington ison land ley lock low man mead mere mont more ner nock ock "
    "over pool ridge rick row sett shaw side son stead stock stone thorpe ton vale ville wall ward water way well wick "
    "win wood worth yard"
).split()


def every_list() -> Iterator[Sequence[str]]:
    """Yield each list of names, none of which stands in two of them."""
    seen: set[str] = set()
    for lists in _LISTS.values():
        for names in lists.split(";"):
            mine = [name for name in dict.fromkeys(names.split()) if name not in seen]
            seen.update(mine)
            yield mine

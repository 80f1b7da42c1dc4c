"""Common given names, by which a column without a header is known to hold names. Lower case, without accents."""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    # English
    "james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald "
    "steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas eric "
    "jonathan stephen larry justin scott brandon benjamin samuel gregory alexander patrick frank raymond jack dennis jerry "
    "tyler aaron jose adam nathan henry zachary douglas peter kyle noah ethan jeremy walter christian keith roger terry "
    "austin sean gerald carl harold dylan arthur lawrence jordan jesse bryan billy bruce gabriel joe logan alan juan albert "
    "willie elijah wayne randy vincent mason roy ralph bobby russell bradley philip eugene liam oliver lucas owen caleb "
    "isaac luke hunter connor evan wyatt julian levi isaiah landon lincoln ezra leo theodore simon martin graham ian neil "
    "stuart malcolm trevor nigel colin gavin derek craig duncan hugh rory declan kieran callum alistair angus "
    "mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley "
    "kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen amy "
    "angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn janet catherine "
    "maria heather diane ruth julie olivia joyce virginia victoria kelly lauren christina joan evelyn judith megan andrea "
    "cheryl hannah jacqueline martha gloria teresa ann sara madison frances kathryn janice jean abigail alice julia judy "
    "sophia grace denise amber doris marilyn danielle beverly isabella theresa diana natalie brittany charlotte marie kayla "
    "alexis lori ava mia harper amelia ella scarlett chloe penelope layla riley zoey nora lily eleanor hazel violet aurora "
    "stella lucy claire caroline genevieve fiona gemma nicola joanne tracy wendy hilary imogen poppy freya niamh siobhan "
    "aoife ciara moira eileen bridget tamara latoya keisha tanisha jasmine ebony shaniqua tyrone darnell jamal malik deshawn "
    "bill bob jim tom dave mike steve dan matt tony chris joe sam ben alex nick greg jeff ken ron ted fred harry beth kate "
    "liz meg peggy sue pam becky debbie "
    # Spanish and Portuguese
    "antonio manuel francisco javier carlos miguel rafael pedro angel alejandro fernando luis sergio jorge alberto alvaro "
    "diego adrian raul enrique ramon ivan ruben oscar andres joaquin santiago eduardo victor roberto jaime mario ignacio "
    "alfonso salvador ricardo marcos emilio julio guillermo gonzalo tomas agustin esteban felipe mateo lorenzo hector "
    "arturo gerardo rodrigo mauricio cesar ernesto leonardo pablo hugo gustavo nicolas sebastian benito "
    "carmen josefa isabel dolores pilar ana francisca cristina antonia mercedes luisa rosa rosario juana concepcion elena "
    "lucia paula raquel manuela montserrat beatriz rocio irene silvia patricia sofia alba encarnacion yolanda ines marta "
    "natalia gabriela daniela valentina camila mariana fernanda alejandra guadalupe veronica leticia adriana esperanza "
    "consuelo xiomara joao tiago rui paulo luiz marcelo thiago vitor catarina fatima joana "
    # French
    "jean pierre michel andre philippe rene louis alain jacques bernard marcel daniel roger robert claude christian henri "
    "nicolas georges laurent frederic julien olivier pascal sebastien thierry etienne mathieu guillaume antoine francois "
    "benoit yves gilles serge didier maxime romain clement baptiste theo enzo quentin thibault luc marc emmanuel fabrice "
    "jeanne francoise monique catherine nathalie isabelle jacqueline sylvie madeleine martine suzanne veronique nicole "
    "brigitte valerie celine aurelie sandrine stephanie sophie camille manon chloe lea ines juliette mathilde margaux "
    "elodie amelie helene genevieve odile simone yvonne colette solange noemie oceane delphine karine virginie "
    # German, Dutch and Scandinavian
    "hans peter wolfgang klaus jurgen juergen dieter manfred uwe gunther guenther horst helmut werner gerhard heinz rainer "
    "bernd stefan andreas markus matthias torsten thorsten frank ralf jorg joerg sven jens dirk holger axel heiko lars kai "
    "florian tobias sebastian dominik fabian felix maximilian moritz lukas jonas finn niklas ulrich friedrich wilhelm otto "
    "karl heinrich ludwig johannes juergen detlef egon ursula helga renate karin monika ingrid petra sabine susanne gisela "
    "birgit claudia gabriele heike anja katrin kerstin silke tanja sandra nadine melanie steffi anke ute elke christa "
    "hannelore erika brunhilde gudrun ilse irmgard waltraud annika lena leonie hanna johanna greta frieda mareike svenja "
    "jan pieter willem kees joost maarten bram sanne femke anouk marloes erik lars olof anders magnus bjorn gunnar astrid "
    "ingeborg sigrid solveig "
    # Italian, Polish, Russian, Greek and others of Europe
    "giuseppe giovanni antonio mario luigi francesco angelo vincenzo pietro salvatore marco andrea alessandro matteo "
    "giulia chiara francesca federica elisa giorgia paolo stefano davide fabio piotr krzysztof andrzej tomasz pawel "
    "marcin jakub katarzyna malgorzata agnieszka ewa zofia magdalena joanna aleksander ivan dmitri sergei vladimir mikhail "
    "nikolai alexei igor oleg olga tatiana svetlana irina natasha ekaterina anastasia dimitris giorgos nikos yannis eleni "
    "milos dragan goran zoran jelena milica petr jiri tomas zdenek laszlo istvan zoltan gabor ferenc ion andrei mihai elena "
    # Arabic, Turkish, Persian and Hebrew
    "mohammed muhammad mohamed ahmed ali hassan hussein omar ibrahim yusuf khalid abdullah mustafa karim tariq samir nabil "
    "rashid bilal hamza fatima aisha khadija zainab mariam layla noor amina yasmin leila samira nadia hala rania mehmet "
    "murat emre burak ayse fatma zeynep elif reza hossein mehdi farhad parisa shirin moshe yosef avraham shlomo rivka "
    "miriam devorah chaim "
    # South Asian
    "raj rajesh ravi amit sanjay vijay anil sunil suresh ramesh arjun rahul rohit vikram deepak manoj ashok krishna arun "
    "sandeep pradeep nikhil aditya karthik venkat priya anjali pooja neha sunita anita kavita lakshmi deepa meera divya "
    "shreya aishwarya asha rekha geeta savita imran faisal usman zahid saima farah ayesha "
    # East and South-East Asian
    "wei ming hao jun lei yan jing ling xiao mei hui feng hong jian ping xin yong zhen hiroshi takashi kenji satoshi "
    "yuki haruto sakura yoko keiko naomi akira kazuo minh tuan anh linh thanh hoa nguyen huong ji-woo seo-yeon min-jun "
    "joon hyun eun siti nur agus budi dewi putri "
    # African
    "kwame kofi kwesi ama abena chinedu emeka ngozi chioma adebayo oluwaseun folake tunde yemi amara nneka thabo sipho "
    "nomsa zanele tendai fatou mamadou ousmane aminata ibrahima wanjiku kamau otieno achieng".split()
)

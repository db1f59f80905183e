using Fairlead.Docs.Tests.Prose;

namespace Fairlead.Docs.Tests;

/// <summary>The prose of the repository keeps the rules that a program can check. <c>eng/prose-lint</c> prints the same findings.</summary>
[SlowRun]
public sealed class ProseTests
{
    /// <summary>The folders and files without findings. Add to this list; do not take from it.</summary>
    private static readonly string[] Covered =
    [
        "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "samples", "bench", "src", "tests",
    ];

    /// <summary>Sentences that break a rule on purpose, mostly because they quote.</summary>
    private static readonly HashSet<string> Intended = [];

    [Fact]
    public void Covered_folders_have_no_findings() =>
        Assert.Empty(
            ProseLint.Check(Covered).Where(static finding => !Intended.Contains(finding.Sentence)).Select(static f => f.ToString()));

    [Fact]
    public void Every_covered_path_has_files() => Assert.All(Covered, static path => Assert.NotEmpty(ProseFiles.Under([path])));

    [Theory]
    [InlineData("Who waits is served.", "begins with Who")]
    [InlineData("Of three messages the last arrives.", "begins with Of")]
    [InlineData("Where a peer has closed, it throws.", "begins with Where")]
    [InlineData("The peer waits until he is woken.", "a person")]
    [InlineData("A waiter has a word of his in memory.", "a person")]
    [InlineData("The caller would wait for ever.", "\"for ever\": write without limit, or nothing")]
    [InlineData("It stops at once.", "\"at once\": write immediately, or at the same time")]
    [InlineData("Acknowledgements are read now and then.", "\"now and then\": write a number")]
    [InlineData("It therefore fails.", "\"therefore\": write so, or because")]
    [InlineData("A link repairs itself by itself.", "\"by itself\": write automatically, or alone")]
    [InlineData("The call waits until somebody connects.", "an unnamed person")]
    [InlineData("Nobody listens there.", "an unnamed person")]
    [InlineData("The bell rings.", "\"bell\" is a doorbell")]
    [InlineData("The keeper owns the word.", "\"keeper\" is the robust-list owner thread")]
    [InlineData("The memory is given back.", "\"given back\" is returned or released")]
    public void A_sentence_that_breaks_a_rule_is_reported(string sentence, string rule)
    {
        Finding finding = Assert.Single(ProseLint.Check("page.md", $"# Page\n\nThis is good.\n{sentence} So is this.\n"));
        Assert.Equal(("page.md", 4, rule, sentence), (finding.Path, finding.Line, finding.Rule, finding.Sentence));
    }

    [Theory]
    [InlineData("Waiters are served in order.")]
    [InlineData("Who holds the lock?")]
    [InlineData("What to do")]
    [InlineData("What a child inherits is closed again.")]
    [InlineData("Where does it wait?")]
    [InlineData("Where to start.")]
    [InlineData("Of course it ends.")]
    [InlineData("A file that is no socket stays as it is, so that its owner keeps it.")]
    [InlineData("Each has a thread of its own, as far as the limit allows.")]
    [InlineData("It is called once, the formerly closed link at onceuponatime.")]
    [InlineData("The error names the process that holds the lock, and what to do.")]
    [InlineData("The file is no longer there.")]
    [InlineData("There is no reply.")]
    [InlineData("Use `he waits for ever` as it stands.")]
    [InlineData("The [page](who/he/nobody.md) explains it.")]
    [InlineData("The doorbell wakes the peer, which uses fence elision.")]
    [InlineData("Theme, other, hers, whole, issue.")]
    public void A_good_sentence_is_not_reported(string sentence) => Assert.Empty(ProseLint.Check("page.md", $"Good. {sentence} Good.\n"));

    [Fact]
    public void A_sentence_may_have_at_most_35_words()
    {
        string most = string.Concat(Enumerable.Repeat("word ", 34)) + "end.";
        Assert.Empty(ProseLint.Check("page.md", most));
        Assert.Equal("36 words", Assert.Single(ProseLint.Check("page.md", $"one {most}")).Rule);
    }

    [Fact]
    public void Code_in_a_page_is_not_prose() => Assert.Empty(ProseLint.Check("page.md", "Run it:\n\n```\n# he waits for ever\n```\n"));

    [Fact]
    public void A_heading_may_begin_with_a_question_word() =>
        Assert.Empty(ProseLint.Check("page.md", "## What the library promises you\n"));

    [Theory]
    [InlineData("// It waits.\n// Nobody sees\n// it.\nint x;\n", 2)]
    [InlineData("int x; // nobody sees it\n", 1)]
    [InlineData("int x;\n/// <summary>Good.</summary>\n/// <remarks>Seen by <c>he</c>\n/// and nobody.</remarks>\n", 3)]
    [InlineData("var a = '\"';\nvar b = $\"{x[\"k\"]} is seen by nobody here\";\n", 2)]
    [InlineData("var a = @\"c:\\\";\nvar b = \"good\" +\n    \" and seen by nobody at all\";\n", 2)]
    [InlineData("var a = $$\"\"\"\n    {good}\n    {{name}} is seen by nobody here.\n    \"\"\";\n", 2)]
    public void Comments_and_literals_of_code_are_prose(string source, int line) =>
        Assert.Equal(
            ("an unnamed person", line),
            Assert.Single(ProseLint.Check("src/Code.cs", source)) is var finding ? (finding.Rule, finding.Line) : default);

    [Theory]
    [InlineData("tests/Code.cs", "// It stops at once.\nint x;\n")]
    [InlineData("tests/Code.cs", "var a = \"it stops at once, or later\";\n")]
    [InlineData("src/Code.cs", "// It stops at once.\nint x;\n")]
    [InlineData("src/Code.cs", "/// <summary>It stops at once.</summary>\ninternal int X;\n")]
    public void Text_that_no_user_reads_may_use_avoided_words(string path, string source) => Assert.Empty(ProseLint.Check(path, source));

    [Theory]
    [InlineData("tests/Code.cs")]
    [InlineData("src/Code.cs")]
    public void A_thread_is_not_a_person_in_any_comment(string path) =>
        Assert.Equal("a person", Assert.Single(ProseLint.Check(path, "// He waits.\nint x;\n")).Rule);

    [Theory]
    [InlineData("var nobody = him.His(who);\n")]
    [InlineData("var a = \"nobody\";\n")]
    [InlineData("// See <see cref=\"Nobody\"/>, `nobody` and <c>nobody</c>.\n")]
    [InlineData("/// <summary>The keeper.</summary>\ninternal int Keeper;\n")]
    public void Code_is_not_prose(string source) => Assert.Empty(ProseLint.Check("src/Code.cs", source));

    [Theory]
    [InlineData("/// <summary>The keeper.</summary>\n[Obsolete]\npublic int Keeper;\n")]
    [InlineData("var text = \"the keeper is not there now\";\n")]
    public void Retired_terms_are_reported_in_text_for_users(string source) => Assert.NotEmpty(ProseLint.Check("src/Code.cs", source));
}

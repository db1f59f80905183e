using Fairlead.Docs.Tests.Snippets;

namespace Fairlead.Docs.Tests;

/// <summary>The first code of each page is a whole program, and no later code is torn out of a statement.</summary>
[SlowRun(Reason = "the first program of each page is compiled")]
public sealed class FirstBlockTests
{
    // They wait for another program, or for a broker. A test of its own runs those of the first two pages.
    private static readonly string[] Waiting =
    [
        "README.md",
        "docs/getting-started.md",
        "docs/package/Fairlead.RabbitMQ.md",
        "docs/package/Fairlead.md",
        "docs/services.md",
        "docs/transports/rabbitmq.md",
    ];

    public static TheoryData<string> Pages => [.. PagePrograms.Pages];

    public static TheoryData<string> Alone => [.. PagePrograms.Pages.Except(PagePrograms.OfHosts)];

    [Theory]
    [MemberData(nameof(Alone))]
    public async Task The_first_block_of_a_page_compiles_alone_and_runs(string page)
    {
        byte[] program = PagePrograms.Compile(
            PagePrograms.Blocks(page).First(), PagePrograms.OfNamedHandles.Contains(page));
        if (!Waiting.Contains(page))
        {
            await Task.Factory.StartNew(
                () => PagePrograms.Run(program), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .WaitAsync(TimeSpan.FromMinutes(1));
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void No_block_of_a_page_begins_or_ends_inside_a_statement(string page) =>
        Assert.All(PagePrograms.Blocks(page), static block => Assert.Null(PagePrograms.Torn(block)));

    [Theory]
    [InlineData("if (x)\n")]
    [InlineData("foreach (var x in y)\n{\n")]
    [InlineData("await foreach (var x in y)\n")]
    [InlineData("catch (Exception)")]
    public void A_block_that_begins_or_ends_inside_a_statement_is_reported(string block) => Assert.NotNull(PagePrograms.Torn(block));

    [Fact]
    public void A_program_without_its_using_lines_is_reported() =>
        Assert.Contains(
            "CS0103",
            Assert.Throws<InvalidOperationException>(
                static () => PagePrograms.Compile("using var lease = NamedMutex.Open(\"a\");")).Message,
            StringComparison.Ordinal);
}

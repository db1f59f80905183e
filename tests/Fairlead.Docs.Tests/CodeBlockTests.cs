using Fairlead.Docs.Tests.Snippets;

namespace Fairlead.Docs.Tests;

/// <summary>Checks that code in the documentation is a copy from a sample or a snippet, which are compiled and run.</summary>
public sealed class CodeBlockTests
{
    // eng/test-getting-started.sh compiles and runs the programs of its page, in a project of their own.
    public static TheoryData<string> Pages => [.. Repository.Pages.Except(["docs/getting-started.md"])];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_code_block_is_part_of_a_program_that_is_compiled_and_run(string page)
    {
        List<string[]> programs =
        [
            .. Repository
                .Sources("samples")
                .Concat(Repository.Sources("tests/Fairlead.Docs.Tests/Snippets"))
                .Select(static path => Lines(File.ReadAllText(path))),
        ];
        // FirstBlockTests compiles the first block of each page, and runs it.
        foreach (string[] block in PagePrograms.Blocks(page).Skip(PagePrograms.OfHosts.Contains(page) ? 0 : 1).Select(Lines))
        {
            Assert.True(
                programs.Exists(program => Holds(program, block)),
                $"{page} shows code that no sample and no snippet has:\n{string.Join('\n', block)}");
        }
    }

    /// <summary>Returns the lines without indentation, which may differ, and without empty ones.</summary>
    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool Holds(string[] program, string[] block)
    {
        for (int i = 0; i + block.Length <= program.Length; i++)
        {
            if (program.AsSpan(i, block.Length).SequenceEqual(block))
            {
                return true;
            }
        }

        return false;
    }
}

using Fairlead.Docs.Tests.Errors;

namespace Fairlead.Docs.Tests;

/// <summary>The page of error texts has each text of the source, and no other. <c>eng/error-texts</c> renews it.</summary>
public sealed class ErrorTextTests
{
    private const string Renew = "Run eng/error-texts, and fill in the meaning of new rows of docs/error-texts.md.";

    [Fact]
    public void The_page_has_each_error_text_under_its_code()
    {
        string[] missing = [.. Source.Except(Page)];
        Assert.True(missing.Length == 0, $"missing: {string.Join("; ", missing)}. {Renew}");
    }

    [Fact]
    public void The_page_has_no_text_that_the_source_does_not_have()
    {
        string[] gone = [.. Page.Except(Source)];
        Assert.True(gone.Length == 0, $"gone: {string.Join("; ", gone)}. {Renew}");
    }

    [Fact]
    public void Each_text_has_a_remedy() =>
        Assert.DoesNotContain(ErrorTextPage.Rows(Repository.Read(ErrorTextPage.Path)), static row => row.Remedy.Length == 0);

    [Fact]
    public void Texts_are_found_with_their_codes_and_remedies()
    {
        const string Code = """
            throw new FairleadException(
                ErrorCode.Full,
                isFull ? $"the queue of {peer.Name("a, b")} is full" : "there is no " + "peer",
                "Wait (or not).") { Errno = 1 };
            FairleadException Other() => new(ErrorCode.Timeout, string.Create(Culture, $"{who} took {time} s"));
            """;
        Assert.Equal(
            [
                new("Full", "the queue of … is full", "Wait (or not)."),
                new("Full", "there is no peer", "Wait (or not)."),
                new("Timeout", "… took … s", ""),
            ],
            ErrorTextScan.In(Code));
    }

    private static IEnumerable<string> Source => ErrorTextScan.All().Select(static text => $"{text.Code}: {text.Text}");

    private static IEnumerable<string> Page =>
        ErrorTextPage.Rows(Repository.Read(ErrorTextPage.Path)).Select(static row => $"{row.Code}: {row.Text}");
}

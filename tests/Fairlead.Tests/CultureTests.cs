using System.Globalization;
using System.Text.RegularExpressions;

namespace Fairlead.Tests;

/// <summary>Texts are the same under every culture of a user's thread.</summary>
public sealed partial class CultureTests
{
    [Fact]
    public void Errors_write_seconds_with_a_point_under_a_culture_that_writes_a_comma()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        comma.NumberFormat.NegativeSign = "~";
        CultureInfo.CurrentCulture = comma;
        try
        {
            using Receiver receiver = Receiver.Bind($"inproc://culture-{Guid.NewGuid():N}");
            var late = Assert.Throws<FairleadException>(() => receiver.Receive(TimeSpan.FromMilliseconds(2)));
            Assert.Contains("within 0.002 s", late.Message, StringComparison.Ordinal);
            using Responder responder = Responder.Bind($"inproc://culture-{Guid.NewGuid():N}");
            using Requester requester = Requester.Connect(responder.Address);
            late = Assert.Throws<FairleadException>(() => requester.Request("x"u8, TimeSpan.FromMilliseconds(2)));
            Assert.Contains("within 0.002 s", late.Message, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    /// <summary>A number with a format is written by the culture of the thread, unless the text is made for the invariant one.</summary>
    [Theory]
    [InlineData("src/Fairlead")]
    [InlineData("src/Fairlead.Rpc")]
    [InlineData("src/Fairlead.RabbitMQ")]
    public void Every_formatted_number_in_a_text_names_the_invariant_culture(string project)
    {
        int invariant = 0;
        foreach (string path in Directory.EnumerateFiles(SourceTree.At(project), "*.cs", SearchOption.AllDirectories))
        {
            foreach (string statement in File.ReadAllText(path).Split(';'))
            {
                if (FormattedNumber().Match(statement) is { Success: true } number)
                {
                    Assert.True(
                        statement.Contains("InvariantCulture", StringComparison.Ordinal),
                        $"{Path.GetFileName(path)}: {number.Value} is written by the culture of the thread. Use string.Create.");
                    invariant++;
                }
            }
        }

        // Fairlead itself has such texts, so the search works.
        Assert.True(invariant > 0 || project != "src/Fairlead");
    }

    // A float or a grouped number: {count:N0}, {seconds:0.###}. Hexadecimal, and N of a Guid, do not depend on a culture.
    [GeneratedRegex(@"\{[^{}""\n]+:(?:0[.,]|#|[NFPGCE]\d)[^{}]*\}")]
    private static partial Regex FormattedNumber();
}

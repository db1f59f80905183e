using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests;

/// <summary>The reference tables are complete, and hold nothing that does not exist.</summary>
public sealed partial class ReferenceTests
{
    [Fact]
    public void Every_option_of_an_address_is_documented()
    {
        string[] documented = [.. FirstCells(Repository.Read("docs/addresses.md"), "| option | in code |")];
        Assert.Equal(
            Options("unix://here")
                .Union(Options("shm://here"))
                .Union(Options("fifo://here"))
                .Union(Options("log://here"))
                .Union(Options("tls://localhost:1"))
                .Union(Options("udp://localhost:1"))
                .Order(StringComparer.Ordinal),
            documented.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("inproc")]
    [InlineData("shm")]
    [InlineData("log")]
    [InlineData("fifo")]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    [InlineData("unixgram")]
    [InlineData("tcp")]
    [InlineData("tls")]
    [InlineData("udp")]
    [InlineData("fd")]
    public void Every_scheme_is_documented(string scheme)
    {
        Assert.Contains(scheme, TransportCatalog.Schemes);
        Assert.Contains($"`{scheme}://", Repository.Read("docs/addresses.md"), StringComparison.Ordinal);
        Assert.Contains($"`{scheme}://", Repository.Read("README.md"), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Repository.Root, $"docs/transports/{scheme}.md")));
        Assert.Equal(11, TransportCatalog.Schemes.Count);
    }

    [Fact]
    public void The_capabilities_of_the_transports_are_as_documented()
    {
        string page = Repository.Read("docs/transports/README.md");
        foreach (string scheme in TransportCatalog.Schemes)
        {
            TransportCapabilities has = TransportCatalog.CapabilitiesOf(
                scheme switch
                {
                    "tcp" or "tls" or "udp" => $"{scheme}://localhost:1",
                    "fd" => "fd://3",
                    _ => $"{scheme}://here",
                });
            string line = page.Split('\n').Single(line => line.StartsWith($"| [`{scheme}://`]", StringComparison.Ordinal));
            Assert.Equal(
                [
                    .. new[]
                    {
                        TransportCapabilities.KeepsBoundaries,
                        TransportCapabilities.PeerIdentity,
                        TransportCapabilities.CrossHost,
                    }.Select(flag => has.HasFlag(flag) ? "yes" : "no"),
                ],
                line.Split('|', StringSplitOptions.TrimEntries)[2..5]);
        }
    }

    [Fact]
    public void Every_error_code_is_documented_with_its_number()
    {
        string page = Repository.Read("docs/errors.md");
        foreach (ErrorCode code in Enum.GetValues<ErrorCode>())
        {
            Assert.Contains($"| {(int)code} | `{code}` |", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_outcome_is_documented()
    {
        string page = Repository.Read("docs/errors.md");
        string[] names = [.. Enum.GetNames<SendResult>(), .. Enum.GetNames<DeliveryStatus>(), .. Enum.GetNames<CloseReason>()];
        Assert.All(names, name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_sample_is_named_in_the_index()
    {
        string index = Repository.Read("samples/README.md");
        foreach (string folder in Directory
            .EnumerateDirectories(Path.Combine(Repository.Root, "samples"))
            .Select(static path => Path.GetFileName(path)!))
        {
            Assert.Contains($"({folder}/Program.cs)", index, StringComparison.Ordinal);
        }
    }

    /// <summary>Returns the options that a transport accepts, from its error text for a publisher, which accepts all.</summary>
    // Those of all patterns: these two have options of their own.
    private static IEnumerable<string> Options(string address) =>
        OptionsOf(() => Publisher.Bind($"{address}?zzzzzzzz=1")).Union(OptionsOf(() => Sender.Bind($"{address}?zzzzzzzz=1")));

    private static string[] OptionsOf(Func<object> bind)
    {
        AddressFormatException unknown = Assert.Throws<AddressFormatException>(bind);
        return ListOfOptions().Match(unknown.Message).Groups["options"].Value.Split(", ");
    }

    private static IEnumerable<string> FirstCells(string page, string head) =>
        page.Split('\n').SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2)
            .TakeWhile(static line => line.StartsWith('|'))
            .Select(static line => line.Split('|')[1].Trim().Trim('`'));

    [GeneratedRegex(@"accepts: (?<options>.*)$")]
    private static partial Regex ListOfOptions();
}

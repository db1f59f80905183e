using System.Runtime.CompilerServices;

namespace Fairlead.Tests;

public sealed class ServicePortTests
{
    private static readonly string[] Lines =
    [
        "# names",
        "domain 53/tcp",
        "domain 53/udp nameserver dns # comment",
        "broken",
        "odd x/tcp",
        "",
    ];

    [Theory]
    [InlineData("domain", "domain 53/tcp, domain 53/udp")]
    [InlineData("dns", "domain 53/udp")]
    [InlineData("53", "domain 53/tcp, domain 53/udp")]
    [InlineData("domain/udp", "domain 53/udp")]
    [InlineData("53/sctp", "")]
    [InlineData("odd", "")]
    [InlineData("Domain", "")]
    public void A_service_is_found_by_name_by_other_name_and_by_port(string service, string found) =>
        Assert.Equal(found, string.Join(", ", ServicePort.Find(Lines, service)));

    [Fact]
    public void A_service_that_the_machine_does_not_list_is_not_found()
    {
        FairleadException error = Assert.Throws<FairleadException>(() => ServicePort.PortOf("no-such-service", "udp"));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("/etc/services", error.Message, StringComparison.Ordinal);
    }

    [FileFact("/etc/services")]
    public void A_service_that_the_machine_lists_has_its_port()
    {
        Assert.Equal(22, ServicePort.PortOf("ssh"));
        Assert.Equal(53, ServicePort.PortOf("domain", "udp"));
        Assert.Contains(ServicePort.Find("22/tcp"), static found => found.Name == "ssh");
    }

    /// <summary>A test that needs a file of the system.</summary>
    private sealed class FileFactAttribute : FactAttribute
    {
        public FileFactAttribute(string path, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
            : base(file, line) => Skip = File.Exists(path) ? null : $"{path} is missing.";
    }
}

using System.CommandLine;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>Serves a matchmaker.</summary>
internal sealed class MatchmakerServeCommand : ToolCommand
{
    private readonly Argument<string> _address = new("ADDRESS")
    {
        Description =
            "Address for servers and clients: tls://10.0.0.5:5000?certificate=…&key=…&authority=…, or another address that carries "
                + "requests",
        HelpName = "ADDRESS",
    };
    private readonly Option<bool> _insecure = NewOption.Switch(
        "--insecure", "Let every host that reaches the address register services under any name, as tcp:// does without certificates");
    private readonly Option<bool> _verbose = NewOption.Switch("--verbose", "Print the address on stderr");

    public MatchmakerServeCommand()
        : base("serve", "Serve a matchmaker until interrupted")
    {
        Add(_address);
        Add(_insecure);
        Add(_verbose);
        Examples =
        [
            (
                "fairlead matchmaker serve 'tls://10.0.0.5:5000?certificate=mm.pem&key=mm.key&authority=authority.pem'",
                "Each server registers the services that its certificate names"),
            (
                "fairlead matchmaker serve tcp://10.0.0.5:5000 --insecure",
                "On a trusted network: everyone who reaches it may register services"),
            ("fairlead matchmaker serve tcp://127.0.0.1:0", "On any free port, which is printed to stderr"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Address address = parsed.GetRequiredValue(_address);
        if (address.Scheme == "inproc")
        {
            throw ToolException.Usage($"{address}: inproc:// works inside one process only; use tcp:// or unix://");
        }

        await using RpcServer server = await Matchmaker.ServeAsync(
            $"{address}", new MatchmakerOptions { Insecure = parsed.GetValue(_insecure) });
        if (address.Port == 0 || parsed.GetValue(_verbose))
        {
            ErrorLine.WriteBare($"listening on {server.Addresses[0]}");
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return ExitCode.Ok;
    }
}

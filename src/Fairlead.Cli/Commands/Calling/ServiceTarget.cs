using System.CommandLine;
using System.CommandLine.Completions;
using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>The arguments that lead to a service: its name or address, how long to wait for it, and for its answer.</summary>
internal sealed class ServiceTarget
{
    private readonly Argument<string> _service = new("SERVICE")
    {
        Description = "Name of a service, as fairlead services lists it, or its address",
        HelpName = "SERVICE",
    };
    private readonly Option<TimeSpan?> _wait = NewOption.Duration("--wait", "Longest time to wait for the service (default: do not wait)");
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time to wait for an answer");

    private readonly Option<string?> _matchmaker = NewOption.Matchmaker();

    private readonly Option<string?> _contract = NewOption.Contract();

    private ServiceTarget() => _service.CompletionSources.Add(_ => Names());

    /// <summary>Adds the argument to a command; <see cref="AddOptionsTo"/> adds the options.</summary>
    public static ServiceTarget AddTo(ToolCommand command)
    {
        ServiceTarget target = new();
        command.Add(target._service);
        return target;
    }

    /// <summary>The names of the live services, for completion.</summary>
    public static IEnumerable<CompletionItem> Names() =>
        Matchmaker.List().Select(static instance => instance.Name).Distinct().Select(static name => new CompletionItem(name));

    public ServiceTarget AddOptionsTo(ToolCommand command)
    {
        command.Add(_wait);
        command.Add(_timeout);
        command.Add(_matchmaker);
        command.Add(_contract);
        return this;
    }

    public string Service(ParseResult parsed) => parsed.GetRequiredValue(_service);

    /// <summary>Returns the contracts of a service, or the one that the user has named.</summary>
    public async ValueTask<IReadOnlyList<RpcDescription>> ContractsAsync(
        RpcConnection connection, ParseResult parsed, CancellationToken cancellationToken) => ContractChoice.Named(
        await connection.DescribeAsync(cancellationToken), parsed.GetValue(_contract), Service(parsed));

    public TimeSpan? Timeout(ParseResult parsed) => parsed.GetValue(_timeout);

    public ValueTask<RpcConnection> OpenAsync(ParseResult parsed, CancellationToken cancellationToken) => ServiceConnection.OpenAsync(
        Service(parsed),
        parsed.GetValue(_wait) ?? TimeSpan.Zero,
        parsed.GetValue(_timeout),
        cancellationToken,
        parsed.GetValue(_matchmaker));
}

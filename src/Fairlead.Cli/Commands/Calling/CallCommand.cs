using System.CommandLine;
using System.Text;
using System.Text.Json;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>Calls a member of a service: JSON in, lines of JSON out.</summary>
internal sealed class CallCommand : ToolCommand
{
    private readonly ServiceTarget _target;
    private readonly Argument<string> _member = new("MEMBER") { Description = "Member of its contract; you may leave out a final Async" };
    private readonly Argument<string?> _json = new("JSON")
    {
        Description = "Arguments: an object by the names of the parameters, or an array by their order; - reads stdin",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<bool> _stay = NewOption.Switch(
        "--stay", "After the result, keep printing callbacks of the service until interrupted");

    public CallCommand()
        : base("call", "Call a member of a service, with arguments and result as JSON")
    {
        _target = ServiceTarget.AddTo(this);
        Add(_member);
        Add(_json);
        Add(_stay);
        _target.AddOptionsTo(this);
        Examples =
        [
            ("fairlead call calc Add '{\"a\":2,\"b\":3}'", "Call by the names of the parameters"),
            ("fairlead call calc Add '[2,3]'", "Or by their order"),
            ("fairlead call unix://calc Count", "A member without parameters, at an address"),
            ("jq -c .order order.json | fairlead call store Put -", "Take the arguments from stdin"),
            ("fairlead call jobs Run '{\"limit\":1000}' | head -n 1", "Print the items of a stream, one per line"),
            ("seq 3 | fairlead call stats Sum", "Send a stream, one item per line"),
            ("fairlead call jobs Watch", "Print the callbacks of a service, one per line"),
            ("fairlead call --wait 10s --timeout 1s calc Add '[2,3]'", "Wait for the server, and exit 124 without a reply in a second"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string service = _target.Service(parsed);
        string? text = parsed.GetValue(_json);
        using JsonDocument? given = text is null or "-" ? null : JsonArguments.Parse(Encoding.UTF8.GetBytes(text));
        await using RpcConnection connection = await _target.OpenAsync(parsed, cancellationToken);
        string name = parsed.GetRequiredValue(_member);
        RpcDescription contract = ContractChoice.WithMember(
            await _target.ContractsAsync(connection, parsed, cancellationToken), name, service);
        var member = MemberCall.Find(contract, name, service);
        RpcChannel channel = contract.Hash == connection.Description.Hash
            ? connection.Channel
            : await connection.GetChannelAsync(contract, cancellationToken);

        // Stdin holds the items of a stream, or else the arguments.
        bool isInput = text == "-" && !member.Shape.Parameters.Any(static shape => shape is StreamShape);
        using JsonDocument? read = isInput ? await ReadAsync(cancellationToken) : null;
        try
        {
            var arguments = JsonArguments.Of(member, (given ?? read)?.RootElement);
            using CallbackArguments callbacks = new(member, arguments, cancellationToken);
            ServiceCall call = new(channel, member, arguments, callbacks, _target.Timeout(parsed));
            await callbacks.RunAsync(call.RunAsync, parsed.GetValue(_stay));
            return ExitCode.Ok;
        }
        catch (RpcException thrown)
        {
            ErrorLine.Write($"{service} answered {member.Member.Name} with error {thrown.Code}: {thrown.Message}");
            if (thrown.Details is { } details)
            {
                ErrorLine.Write($"details: {details}");
            }

            return ExitCode.OfService(thrown.Code);
        }
    }

    private static async ValueTask<JsonDocument> ReadAsync(CancellationToken cancellationToken)
    {
        ChunkReader input = new();
        using MemoryStream whole = new();
        while (await input.ReadAsync(cancellationToken) is { } chunk)
        {
            whole.Write(chunk.Span);
        }

        return JsonArguments.Parse(whole.GetBuffer().AsMemory(0, (int)whole.Length));
    }
}

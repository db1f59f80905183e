using System.CommandLine;
using System.CommandLine.Completions;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>The arguments of an endpoint: its address, whether it binds or connects, and its timeouts.</summary>
internal sealed class EndpointArguments
{
    private readonly Argument<string> _address = new("ADDRESS")
    {
        Description = "Address: unix://name, tcp://host:port, …, with options as ?name=value",
    };
    private readonly Option<bool>? _turn;
    private readonly Option<TimeSpan?> _wait = NewOption.Duration(
        "--wait", "Wait this long for a listener instead of failing immediately");
    private readonly Option<TimeSpan?> _reconnect = NewOption.Reconnect();
    private readonly Option<TimeSpan?> _timeout;
    private readonly Option<bool> _verbose = NewOption.Switch("--verbose", "Report on stderr: listening, connected");
    private readonly bool _binds;
    private Option<OverflowPolicy?>? _full;

    private EndpointArguments(bool binds, bool turns, string timeout)
    {
        _binds = binds;
        _turn = (turns, binds) switch
        {
            (false, _) => null,
            (_, true) => NewOption.Switch("--connect", "Connect to a bound end instead of binding"),
            (_, false) => NewOption.Switch("--bind", "Bind for a connecting end instead of connecting"),
        };
        _timeout = NewOption.Timeout(timeout);
    }

    /// <summary>Adds the argument and options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="binds">Whether it binds by default.</param>
    /// <param name="timeout">The description of <c>--timeout</c>.</param>
    /// <param name="kinds">The kinds of endpoint at the other end, for completion.</param>
    /// <param name="turns">Whether the user can reverse binding and connecting.</param>
    public static EndpointArguments AddTo(ToolCommand command, bool binds, string timeout, string[] kinds, bool turns = true)
    {
        var arguments = new EndpointArguments(binds, turns, timeout);
        arguments._address.CompletionSources.Add(_ => LiveAddresses.Of(kinds).Select(static address => new CompletionItem(address)));
        command.Add(arguments._address);
        if (arguments._turn is not null)
        {
            command.Add(arguments._turn);
        }

        if (turns || !binds)
        {
            command.Add(arguments._wait);
            command.Add(arguments._reconnect);
        }

        command.Add(arguments._timeout);
        command.Add(arguments._verbose);
        return arguments;
    }

    /// <summary>Adds <c>--full</c>, with the policies that make sense for the command.</summary>
    public EndpointArguments WithFull(ToolCommand command, string description, params OverflowPolicy[] modes)
    {
        _full = NewOption.Full(description, modes);
        command.Add(_full);
        return this;
    }

    /// <summary>Returns how long to wait for a listener, if given.</summary>
    public TimeSpan? Wait(ParseResult parsed) => parsed.GetValue(_wait);

    /// <summary>Returns how long to try to get a lost peer back, if given.</summary>
    public TimeSpan? Reconnect(ParseResult parsed) => parsed.GetValue(_reconnect);

    /// <summary>Returns whether it connects, and tries to get a lost peer back.</summary>
    public bool Reconnects(ParseResult parsed) =>
        !Binds(parsed) && (Reconnect(parsed) > TimeSpan.Zero
            || Reconnect(parsed) == System.Threading.Timeout.InfiniteTimeSpan
            || Address(parsed).Option("reconnect") is not (null or "0"));

    /// <summary>Returns the requested policy, or null.</summary>
    public OverflowPolicy? Full(ParseResult parsed) => _full is null ? null : parsed.GetValue(_full);

    /// <exception cref="ToolException">Usage: the address does not lead to other processes.</exception>
    public Address Address(ParseResult parsed)
    {
        Address address = parsed.GetRequiredValue(_address);
        return address.Scheme == "inproc"
            ? throw ToolException.Usage($"{address}: inproc:// works inside one process only; use unix:// to reach other processes")
            : address;
    }

    public bool Binds(ParseResult parsed) => _turn is null ? _binds : _binds != parsed.GetValue(_turn);

    public TimeSpan? Timeout(ParseResult parsed) => parsed.GetValue(_timeout);

    public bool IsVerbose(ParseResult parsed) => parsed.GetValue(_verbose);

    /// <summary>
    /// Binds, or connects within the time-out, and prints the address if it was not known before or with <c>--verbose</c>.
    /// </summary>
    public async ValueTask<T> OpenAsync<T>(
        ParseResult parsed,
        Func<Address, EndpointOptions, T> bind,
        Func<Address, EndpointOptions, CancellationToken, ValueTask<T>> connect,
        CancellationToken cancellationToken)
        where T : MessagingEndpoint
    {
        var address = Address(parsed);
        if (Binds(parsed))
        {
            var bound = bind(address, new EndpointOptions { OverflowPolicy = Full(parsed) });
            SayListening(parsed, bound);
            return bound;
        }

        var options = new EndpointOptions
        {
            ConnectTimeout = parsed.GetValue(_wait) ?? TimeSpan.Zero,
            ReconnectTimeout = Reconnect(parsed) ?? TimeSpan.Zero,
            OverflowPolicy = Full(parsed),
        };
        var connected = await ConnectAsync(address, options, Timeout(parsed), connect, cancellationToken);
        SayConnected(parsed, connected);
        return connected;
    }

    /// <summary>Prints the listening address if it was not known before or with <c>--verbose</c>.</summary>
    public void SayListening(ParseResult parsed, MessagingEndpoint bound)
    {
        if (Address(parsed).Port == 0 || IsVerbose(parsed))
        {
            ErrorLine.WriteBare($"listening on {bound.Address}");
        }
    }

    /// <summary>Reports the peers with <c>--verbose</c>: now, and when the connection is lost or back.</summary>
    public void SayConnected(ParseResult parsed, MessagingEndpoint connected)
    {
        if (!IsVerbose(parsed))
        {
            return;
        }

        connected.StateChanged += static (endpoint, change) => ErrorLine.WriteBare(change.State switch
        {
            EndpointState.Blocked => $"blocked: {change.Detail}",
            EndpointState.PeerStopped => $"messages wait for {change.Peer}, which is stopped",
            EndpointState.PeerResumed => $"{change.Peer} runs again",
            EndpointState.Connected when change.Reason == CloseReason.Limit => "blocked no more",
            EndpointState.Connected => $"reconnected to {PeerText.Of((MessagingEndpoint)endpoint!)}",
            EndpointState.Reconnecting => $"connection lost ({change.Detail ?? change.Reason.ToString()}), reconnecting",
            _ => $"gave up reconnecting after {change.Attempt} attempts ({change.Reason})",
        });
        ErrorLine.WriteBare($"connected to {PeerText.Of(connected)}");
    }

    /// <summary>Connects. The time-out applies to an answer; waiting for a listener comes before that.</summary>
    private static async ValueTask<T> ConnectAsync<T>(
        Address address,
        EndpointOptions options,
        TimeSpan? timeout,
        Func<Address, EndpointOptions, CancellationToken, ValueTask<T>> connect,
        CancellationToken cancellationToken)
    {
        if (timeout is not { } limit)
        {
            return await connect(address, options, cancellationToken);
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit + options.ConnectTimeout);
        try
        {
            return await connect(address, options, end.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FairleadException(
                ErrorCode.Timeout,
                $"the listener did not answer within {DurationText.Describe(limit)}",
                "Its process may be stopped or busy.")
            {
                Address = address,
            };
        }
    }
}

using System.CommandLine;
using Fairlead.Cli.Commands.Calling;
using Fairlead.Cli.Output;
using Fairlead.Cli.Services;
using Fairlead.Cli.Services.Tftp;

namespace Fairlead.Cli.Commands;

/// <summary>Serves the small services of the Internet, or a program for each client.</summary>
internal sealed class ServeCommand : ToolCommand
{
    private const int DefaultChildren = 32;

    private static readonly string[] Modes = ["iterative", "multiplexed", "process", "threads"];

    private readonly Argument<string[]> _words = new("SERVICE ADDRESS")
    {
        Description =
            "echo, date, daytime, time, discard, chargen, at one or more addresses; tftp DIR at udp addresses; shmtime; "
                + "with --exec addresses alone",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<string> _mode = new("--mode")
    {
        Description =
            "How to serve clients of tcp and unix: one by one, all in one thread (the default), each in a process, or each in a thread. "
                + "For shmtime: the octal permissions of a segment that it makes, such as 666",
        HelpName = "iterative|multiplexed|process|threads|OCTAL",
        DefaultValueFactory = static _ => "multiplexed",
    };
    private readonly Option<int> _children = NewOption.Number(
        "--max-children", "Limit for processes, threads, commands or transfers at the same time", DefaultChildren);
    private readonly Option<string?> _zone = ServiceArguments.Zone();
    private readonly Option<string?> _exec = new("--exec")
    {
        Description = "Run this command by /bin/sh for each client, with the connection as its standard input and output",
        HelpName = "COMMAND",
    };
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout(
        "With --exec, time limit for a command; then the command and the processes that it started are killed");
    private readonly Option<TimeSpan?> _idle = NewOption.Duration(
        "--idle", "With --exec, kill a command that neither reads nor writes for this long, with the processes that it started");
    private readonly Option<long?> _maxOutput = NewOption.Limit(
        "--max-output", "With --exec, the most bytes that a command may write; one that writes more is killed");
    private readonly Option<int?> _key = ServiceArguments.Key();
    private readonly Option<bool> _once = NewOption.Switch("--once", "End after the first client");
    private readonly Option<bool> _verbose = NewOption.Switch(
        "--verbose", "Report on stderr: listening, both ends of each connection, children, transfers");

    public ServeCommand()
        : base("serve", "Serve echo, date, daytime, time, discard or chargen, a folder by TFTP, or run a command for each client")
    {
        _mode.CompletionSources.Add(Modes);
        _mode.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !Modes.Contains(token.Value) && ServiceArguments.PermissionsOf(token.Value) is null)
            {
                result.AddError($"--mode takes {string.Join(", ", Modes)}, or for shmtime permissions such as 666, not '{token.Value}'");
            }
        });
        _words.CompletionSources.Add(ServiceArguments.Served);
        Add(_words);
        Add(_mode);
        Add(_children);
        Add(_zone);
        Add(_exec);
        Add(_timeout);
        Add(_idle);
        Add(_maxOutput);
        Add(_key);
        Add(_once);
        Add(_verbose);
        Examples =
        [
            ("fairlead serve echo tcp://127.0.0.1:7007 udp://127.0.0.1:7007", "An echo, over TCP and UDP"),
            ("fairlead serve date tcp://127.0.0.1:0 --zone UTC", "Date and time of day, at any free port, which is printed to stderr"),
            ("fairlead serve echo tcp://127.0.0.1:7007 --mode process --max-children 10", "A process for each client"),
            ("fairlead serve --exec 'tr a-z A-Z' unix:///tmp/upper", "Any program for each client, as inetd does"),
            (
                "fairlead serve --exec 'bc -l' tcp://127.0.0.1:7070 --idle 1m --max-output 1000000",
                "A command that is silent for a minute, or writes more than 1,000,000 bytes, is killed"),
            ("fairlead serve tftp ./boot udp://127.0.0.1:6969", "The files of a folder, to read by TFTP"),
            ("fairlead serve shmtime --key 5278 --mode 666", "A clock in a System V segment, for the programs of all users"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var words = parsed.GetRequiredValue(_words);
        var given = parsed.GetRequiredValue(_mode);
        var permissions = ServiceArguments.PermissionsOf(given);
        if (permissions is not null && words[0] != "shmtime")
        {
            throw ToolException.Usage(
                $"--mode {given} are permissions of a segment, which only shmtime makes. Use {string.Join(", ", Modes)}");
        }

        var mode = permissions is null ? Enum.Parse<ServeMode>(given, ignoreCase: true) : default;
        var most = parsed.GetValue(_children);
        var isVerbose = parsed.GetValue(_verbose);
        if (parsed.GetValue(_exec) is { } command)
        {
            ProgramLimits limits = new(parsed.GetValue(_timeout), parsed.GetValue(_idle), parsed.GetValue(_maxOutput));
            Serve(
                parsed, null, ServeMode.Process, ClientPrograms.OfCommand(command, most, limits, isVerbose), words, cancellationToken);
            return ExitCode.Ok;
        }

        if (parsed.GetValue(_idle) is not null || parsed.GetValue(_maxOutput) is not null)
        {
            throw ToolException.Usage("--idle and --max-output limit a command. Add --exec COMMAND, or remove them");
        }

        var zone = ServiceArguments.ZoneOf(parsed.GetValue(_zone));
        if (words[0] == "shmtime")
        {
            SharedClock.Serve(
                ServiceArguments.KeyOf(parsed.GetValue(_key), words), permissions, zone, parsed.GetValue(_once), cancellationToken);
            return ExitCode.Ok;
        }

        if (words[0] == "tftp")
        {
            ServeFiles(parsed, words, mode, cancellationToken);
            return ExitCode.Ok;
        }

        Service service = new(ServiceArguments.KindOf(words[0]), zone);
        if (words is [_, var only] && IsConnected(only))
        {
            // A client that this process has inherited, from a server in the mode of processes or from systemd.
            ServiceServer.ServeAlone(
                new ByteSession(await SocketConnection.ConnectAsync(only, cancellationToken), service), cancellationToken);
            return ExitCode.Ok;
        }

        IClientWorkers? workers = mode switch
        {
            ServeMode.Process => ClientPrograms.OfService(words[0], parsed.GetValue(_zone), most, isVerbose),
            ServeMode.Threads => new ClientThreads(service, most, isVerbose),
            _ => null,
        };
        Serve(parsed, service, mode, workers, words[1..], cancellationToken);
        return ExitCode.Ok;
    }

    private static bool IsConnected(Address address) =>
        address.Scheme == "fd" && !TransportCatalog.CapabilitiesOf(address).HasFlag(TransportCapabilities.ManyPeers);

    private void ServeFiles(ParseResult parsed, string[] words, ServeMode mode, CancellationToken cancellationToken)
    {
        if (words.Length < 3)
        {
            throw ToolException.Usage("tftp needs a folder and an address: serve tftp DIR udp://127.0.0.1:6969");
        }

        var isVerbose = parsed.GetValue(_verbose);
        using TftpServer server = new(
            new TftpFolder(words[1]), mode, parsed.GetValue(_children), parsed.GetValue(_once), isVerbose);
        foreach (Address address in words[2..])
        {
            var bound = server.Listen(address);
            if (isVerbose || address.Port == 0)
            {
                ErrorLine.WriteBare($"listening on {bound}");
            }
        }

        server.Run(cancellationToken);
    }

    private void Serve(
        ParseResult parsed,
        Service? service,
        ServeMode mode,
        IClientWorkers? workers,
        string[] addresses,
        CancellationToken cancellationToken)
    {
        if (addresses.Length == 0)
        {
            throw ToolException.Usage("an address is needed: tcp://127.0.0.1:7007, unix://name, …");
        }

        var isVerbose = parsed.GetValue(_verbose);
        using ServiceServer server = new(service, mode, workers, parsed.GetValue(_once), isVerbose);
        foreach (Address address in addresses)
        {
            if (address.Scheme == "inproc")
            {
                throw ToolException.Usage($"{address}: inproc:// stays inside one process; use unix://");
            }

            var bound = server.Listen(address);
            if (isVerbose || address.Port == 0)
            {
                // As it was given: the options that the service needs besides are its own affair.
                ErrorLine.WriteBare($"listening on {(bound.Port is { } port ? address.WithPort(port) : address)}");
            }
        }

        server.Run(cancellationToken);
    }
}

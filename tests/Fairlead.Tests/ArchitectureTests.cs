using System.Reflection;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Fairlead.Native;

namespace Fairlead.Tests;

/// <summary>
/// Checks the references between the folders of the library, which the compiler cannot do inside one assembly: they go down only.
/// <code>
///   Testing                    messages and requests made by hand, for tests of handlers
///   Patterns/Forms             messages as text, JSON, values, channels; of all patterns
///   Patterns/Working           work queues; beside Publishing and Calling, whose requests it uses
///   Patterns/Publishing        publishers and subscribers
///   Patterns/Calling           requesters and responders
///   Patterns                   what users name besides, and what all share; below it wait sets; never names a concrete transport
///   Patterns/Links             the halves of all patterns, and below them the rooms of the engine (docs/design/engine.md)
///   Transports                 contracts, below them the concrete folders, which do not know each other
///   Memory                     what users name, and below it what backs it; beside Transports
///   Memory/Boards              what users name, and below it the storage; above Synchronization, by whose words writers are known dead
///   Processes                  children, signals, the terminal, below it how a start is made, above it Supervision; beside Transports
///   Logs                       what users name, and below it the files; beside Memory, whose files it makes
///   Synchronization            what users name, and below it who waits, what is seen from outside, and the words; beside Memory, in
///                              whose regions locks lie
///   Framing      Registry      beside each other
///   Native                     alone calls the operating system
///   root                       values, which reference nothing below
/// </code>
/// </summary>
[SlowRun]
public sealed partial class ArchitectureTests
{
    private const string Root = "";

    private static readonly string[] Concrete =
    [
        "Transports/Fifo",
        "Transports/Inproc",
        "Transports/MappedLogs",
        "Transports/SharedMemory",
        "Transports/UnixSocket",
        "Transports/Pipes",
        "Transports/Tcp",
        "Transports/Tls",
        "Transports/Udp",
    ];

    private static readonly string[] Native =
        ["Native", "Native/Files", "Native/Memory", "Native/Processes", "Native/Sockets", "Native/Waiting"];

    /// <summary>The rooms of the engine, from the bottom to the top: each may name those before it.</summary>
    private static readonly string[] Rooms =
    [
        "Patterns/Links/Values",
        "Patterns/Links/Pumping",
        "Patterns/Links/Shared",
        "Patterns/Links/Credit",
        "Patterns/Links/Output",
        "Patterns/Links/Sending",
        "Patterns/Links/Receiving",
        "Patterns/Links/Direct",
        "Patterns/Links/Session",
        "Patterns/Links/Endpoint",
    ];

    private static readonly string[] BelowEngine = [Root, .. Native, "Framing", "Registry", "Diagnostics", "Transports"];

    /// <summary>The folders that each folder may name besides itself. A new folder fails the test until it is listed here.</summary>
    private static readonly Dictionary<string, string[]> Below = new()
    {
        [Root] = [],
        ["Native"] = [Root],
        ["Native/Waiting"] = [Root, "Native"],
        ["Native/Files"] = [Root, "Native", "Native/Waiting"],
        ["Native/Memory"] = [Root, "Native", "Native/Files", "Native/Waiting"],
        ["Native/Processes"] = [Root, "Native", "Native/Files"],
        ["Native/Sockets"] = [Root, "Native", "Native/Files", "Native/Processes"],
        ["Framing"] = [Root],
        ["Registry"] = [Root, .. Native],
        ["Memory/Backing"] = [Root, .. Native, "Registry"],
        ["Memory"] = [Root, .. Native, "Memory/Backing"],
        ["Memory/Boards/Storage"] =
        [
            Root,
            .. Native,
            "Registry",
            "Memory",
            "Memory/Backing",
            "Synchronization",
            "Synchronization/Words",
            "Synchronization/Inspection",
            "Synchronization/Waiting",
        ],
        ["Memory/Boards"] =
        [
            Root,
            .. Native,
            "Memory",
            "Memory/Backing",
            "Memory/Boards/Storage",
            "Synchronization",
            "Synchronization/Inspection",
        ],
        ["Synchronization/Words"] = [Root, .. Native],
        ["Synchronization/Inspection"] = [Root, .. Native, "Registry", "Memory/Backing", "Synchronization/Words"],
        ["Synchronization/Waiting"] =
        [
            Root,
            .. Native,
            "Registry",
            "Diagnostics",
            "Memory",
            "Memory/Backing",
            "Synchronization/Words",
            "Synchronization/Inspection",
        ],
        ["Synchronization"] =
        [
            Root,
            .. Native,
            "Memory",
            "Memory/Backing",
            "Synchronization/Words",
            "Synchronization/Inspection",
            "Synchronization/Waiting",
        ],
        ["Processes/Starting"] = [Root, .. Native],
        ["Processes"] = [Root, .. Native, "Processes/Starting"],
        ["Processes/Supervision"] = [Root, "Processes"],
        ["Logs/Storage"] = [Root, .. Native, "Registry", "Memory/Backing"],
        ["Logs"] = [Root, .. Native, "Registry", "Logs/Storage"],
        ["Diagnostics"] = [Root, "Framing", "Registry"],
        ["Transports"] = [Root, .. Native, "Framing", "Registry"],
        ["Transports/Fifo"] = [Root, .. Native, "Framing", "Registry", "Transports"],
        ["Transports/Inproc"] = [Root, .. Native, "Framing", "Registry", "Transports"],
        ["Transports/MappedLogs"] = [Root, .. Native, "Framing", "Transports", "Logs", "Logs/Storage"],
        ["Transports/SharedMemory"] = [Root, .. Native, "Framing", "Registry", "Transports", "Transports/UnixSocket"],
        ["Transports/Pipes"] = [Root, .. Native, "Framing", "Registry", "Transports"],
        ["Transports/UnixSocket"] = [Root, .. Native, "Framing", "Registry", "Transports"],
        ["Transports/Tcp"] = [Root, .. Native, "Framing", "Registry", "Transports"],
        ["Transports/Tls"] = [Root, .. Native, "Framing", "Transports", "Transports/Tcp"],
        ["Transports/Udp"] = [Root, .. Native, "Framing", "Registry", "Transports"],
        [Rooms[0]] = BelowEngine,
        [Rooms[1]] = [.. BelowEngine, .. Rooms[..1]],
        [Rooms[2]] = [.. BelowEngine, .. Rooms[..2]],
        [Rooms[3]] = [.. BelowEngine, .. Rooms[..3]],
        [Rooms[4]] = [.. BelowEngine, .. Rooms[..4]],
        [Rooms[5]] = [.. BelowEngine, .. Rooms[..5]],
        [Rooms[6]] = [.. BelowEngine, .. Rooms[..6]],
        [Rooms[7]] = [.. BelowEngine, .. Rooms[..7]],
        [Rooms[8]] = [.. BelowEngine, .. Rooms[..8]],
        [Rooms[9]] = [.. BelowEngine, .. Rooms[..9]],
        ["Patterns/Links"] = [.. BelowEngine, .. Rooms],
        ["Patterns/Stores"] = [Root, "Logs"],
        ["Patterns/Waiting"] = [Root, .. Native, "Processes", "Patterns/Links", .. Rooms],
        ["Patterns"] = [Root, "Framing", "Registry", "Diagnostics", "Patterns/Links", .. Rooms, "Patterns/Waiting"],
        ["Patterns/Calling"] = [Root, "Framing", "Diagnostics", "Patterns", "Patterns/Links", .. Rooms],
        ["Patterns/Publishing"] = [Root, "Framing", "Diagnostics", "Patterns", "Patterns/Links", .. Rooms, "Patterns/Stores"],
        ["Patterns/Working"] =
            [Root, "Framing", "Registry", "Patterns", "Patterns/Calling", "Patterns/Links", .. Rooms, "Patterns/Stores"],
        ["Patterns/Forms"] =
            [Root, "Framing", "Patterns", "Patterns/Calling", "Patterns/Publishing", "Patterns/Working", "Patterns/Links", .. Rooms],
        ["Testing"] = [Root, "Framing", "Patterns", "Patterns/Calling", "Patterns/Publishing", "Patterns/Links", .. Rooms],
    };

    /// <summary>References that go up, each with its reason.</summary>
    private static readonly Dictionary<(string File, string Type), string> Exceptions = new()
    {
        [("Patterns/Links/Inbox.cs", "Message")] =
            "The receiving half of all patterns hands out the public lease, to write it once; both folders are one layer.",
        [("Patterns/Links/Receiving/MessageCore.cs", "Message")] = "A stale lease is reported under the name that its user knows.",
        [("Patterns/Links/Values/Serialized.cs", "IMessageSerializer")] =
            "The user's types are named where they are called; both folders are one layer.",
        [("FairleadEventSource.cs", "Message")] = "A property of the platform's attribute, not the type.",
        [("Transports/BuiltInTransports.cs", "FifoTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "InprocTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "MappedLogTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "SharedMemoryTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "DescriptorTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "UnixSocketTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "UnixPacketTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "UnixDatagramTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "TcpTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "TlsTransport")] = PartsList,
        [("Transports/BuiltInTransports.cs", "UdpTransport")] = PartsList,
    };

    private const string PartsList =
        "The parts list: one file says which transports there are, because reflection would look them up otherwise.";

    /// <summary>The namespaces that users see.</summary>
    private static readonly string[] Concerns =
    [
        "Fairlead",
        "Fairlead.Diagnostics",
        "Fairlead.Logs",
        "Fairlead.Memory",
        "Fairlead.Processes",
        "Fairlead.Synchronization",
        "Fairlead.Testing",
        "Fairlead.Time",
    ];

    private static readonly IReadOnlyList<SourceFolder> Folders = SourceFolder.Of("src/Fairlead");

    [Fact]
    public void The_table_of_layers_lists_exactly_the_folders() =>
        Assert.Equal(Below.Keys.Order(StringComparer.Ordinal), Folders.Select(folder => folder.Path).Order(StringComparer.Ordinal));

    [Fact]
    public void Endpoint_types_have_no_public_constructor() =>
        Assert.Equal(
            [],
            typeof(MessagingEndpoint)
                .Assembly.GetExportedTypes()
                .Where(static type => type.IsSubclassOf(typeof(MessagingEndpoint)) && type.GetConstructors().Length > 0));

    [Fact]
    public void Folders_refer_only_to_folders_below_them()
    {
        List<string> wrong = [];
        HashSet<(string, string)> used = [];
        foreach (SourceFolder folder in Folders)
        {
            foreach (SourceFolder other in Folders.Where(other => other != folder && !Below[folder.Path].Contains(other.Path)))
            {
                foreach ((string file, string type) in folder.Files.Keys.SelectMany(file =>
                    folder.Mentions(file, other).Select(type => (Path.Combine(folder.Path, file), type))))
                {
                    if (Exceptions.ContainsKey((file, type)))
                    {
                        used.Add((file, type));
                    }
                    else
                    {
                        wrong.Add($"{file} names {type} of {Name(other)}");
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(Exceptions.Keys.Order(), used.Order());
    }

    [Fact]
    public void No_file_imports_a_namespace_from_above()
    {
        Assert.Equal(
            "",
            string.Join(
                '\n',
                Files()
                    .SelectMany(file =>
                        Using()
                            .Matches(file.Text)
                            .Select(match => match.Groups["name"].Value.Replace('.', '/'))
                            .Where(import =>
                                import.Length > 0
                                && import != file.Folder
                                && !Below[file.Folder].Contains(import)
                                && !(import == "Diagnostics" && (file.Folder == "Registry" || Below[file.Folder].Contains("Registry")))
                                && file.Path != "Transports/BuiltInTransports.cs")
                            .Select(import => $"{file.Path} imports {import}"))));
    }

    /// <summary>
    /// An internal type lies in the namespace of its folder. A public type lies in the namespace of its concern. Users import messaging
    /// (<c>Fairlead</c>), <c>Fairlead.Synchronization</c> and the others separately.
    /// </summary>
    [Fact]
    public void Internal_namespaces_match_folders_and_public_namespaces_match_concerns()
    {
        foreach ((string folder, string path, string text) in Files())
        {
            bool isPublic = PublicType().IsMatch(text);
            string actual = SourceFolder.NamespaceOf(text);
            string expected = isPublic ? ConcernOf(folder, path) : NamespaceOf(folder);
            Assert.True(
                actual == expected || actual == NamespaceOf(folder) && actual == ConcernOf(folder, path),
                $"{path} is in the namespace {actual} and not in {expected}");
        }

        Assert.Equal(
            Concerns.Order(StringComparer.Ordinal),
            typeof(Address).Assembly.GetExportedTypes().Select(type => type.Namespace).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_the_parts_list_names_concrete_transports()
    {
        string[] names =
        [
            .. Folders.Where(folder => Concrete.Contains(folder.Path)).SelectMany(folder => folder.Types),
            .. Concrete.Select(folder => folder.Replace('/', '.')),
        ];
        Assert.Equal(
            ["Transports/BuiltInTransports.cs"],
            Files()
                .Where(file => !Concrete.Contains(file.Folder) && names.Any(name => Regex.IsMatch(file.Text, $@"\b{Regex.Escape(name)}\b")))
                .Select(file => file.Path));
    }

    [Fact]
    public void Only_Native_calls_the_operating_system()
    {
        Assert.All(Files().Where(file => Imports().IsMatch(file.Text)), file => Assert.Contains(file.Folder, Native));
        Assert.DoesNotContain(Files(), file => file.Text.Contains("DllImport", StringComparison.Ordinal));
    }

    /// <summary>
    /// One asynchronous call on a Socket makes it slow for blocking callers forever, and its waits bypass Fairlead's. The lab's experiments
    /// show the kernel's own sockets, without Fairlead.
    /// </summary>
    [Fact]
    public void Nothing_shipped_uses_the_sockets_of_the_base_library()
    {
        foreach ((string folder, string path, string text) in Files().Concat(Files("src/Fairlead.Cli")))
        {
            if (folder == "Lab/Experiments")
            {
                continue;
            }

            Match use = SocketUse().Match(text);
            Assert.False(use.Success, $"{path} uses {use.Value}");
        }
    }

    [Fact]
    public void The_library_depends_on_the_base_library_alone_and_the_tool_on_the_libraries()
    {
        Assert.DoesNotMatch("(PackageReference|ProjectReference)", File.ReadAllText(SourceTree.At("src/Fairlead/Fairlead.csproj")));
        Assert.Equal(
            [
                "../Fairlead/Fairlead.csproj",
                "../Fairlead.RabbitMQ/Fairlead.RabbitMQ.csproj",
                "../Fairlead.Rpc/Fairlead.Rpc.csproj",
                "../Fairlead.Rpc.Generator/Fairlead.Rpc.Generator.csproj",
            ],
            Regex
                .Matches(File.ReadAllText(SourceTree.At("src/Fairlead.Cli/Fairlead.Cli.csproj")), "ProjectReference Include=\"([^\"]+)\"")
                .Select(match => match.Groups[1].Value));
        Assert.DoesNotContain("Fairlead.Cli", File.ReadAllText(SourceTree.At("src/Fairlead/Fairlead.csproj")), StringComparison.Ordinal);
    }

    /// <summary>As in the base library: then callers know the name for a named argument.</summary>
    [Fact]
    public void A_cancellation_token_is_called_cancellationToken()
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        ParameterInfo[] tokens =
        [
            .. typeof(Address).Assembly
                .GetExportedTypes()
                .SelectMany(type => type.GetMembers(All).OfType<MethodBase>())
                .SelectMany(method => method.GetParameters())
                .Where(parameter => parameter.ParameterType == typeof(CancellationToken)),
        ];
        Assert.True(tokens.Length > 100, $"{tokens.Length} parameters are too few.");
        Assert.All(tokens, token => Assert.Equal("cancellationToken", token.Name));
    }

    /// <summary>The compiler would warn at each call; the library reports it once, when it is first used on another platform.</summary>
    [Fact]
    public void No_attribute_limits_the_library_to_a_platform()
    {
        Assert.Empty(typeof(Address).Assembly.GetCustomAttributes<SupportedOSPlatformAttribute>());
        Assert.Null(Platform.Problem(isLinux: true, pointerSize: 8, "Linux"));
        Assert.Equal(
            "Fairlead runs on Linux only. This process runs on Plan 9.", Platform.Problem(isLinux: false, pointerSize: 8, "Plan 9"));
        Assert.Contains("64-bit", Platform.Problem(isLinux: true, pointerSize: 4, "Linux"), StringComparison.Ordinal);
        Platform.Require();
    }

    private static string NamespaceOf(string folder) =>
        folder is Root or "Patterns" ? "Fairlead" : $"Fairlead.{folder.Replace('/', '.')}";

    private static string ConcernOf(string folder, string path) =>
        path == "TimeSpanExtensions.cs" ? "Fairlead.Time"
        : folder.Split('/')[0] is var concern && concern == "Registry" ? "Fairlead.Diagnostics"
        : concern == "Transports" ? "Fairlead"
        : NamespaceOf(concern);

    private static string Name(SourceFolder folder) => folder.Path.Length == 0 ? "the root" : folder.Path;

    private static IEnumerable<(string Folder, string Path, string Text)> Files(string project) =>
        SourceFolder
            .Of(project)
            .SelectMany(folder => folder.Files.Select(file => (folder.Path, Path.Combine(folder.Path, file.Key), file.Value)));

    private static IEnumerable<(string Folder, string Path, string Text)> Files() =>
        Folders.SelectMany(folder => folder.Files.Select(file => (folder.Path, Path.Combine(folder.Path, file.Key), file.Value)));

    [GeneratedRegex(@"^using (?:static )?Fairlead\.(?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(
        @"^public (?:(?:abstract|sealed|static|readonly|ref|unsafe|partial) )*(?:class|struct|interface|enum|record|delegate)\b",
        RegexOptions.Multiline)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"\b(?:LibraryImport|UnmanagedCallersOnly|NativeLibrary)\b")]
    private static partial Regex Imports();

    [GeneratedRegex(
        @"\bnew (?:Socket|TcpClient|UdpClient|NetworkStream|SafeSocketHandle)\b"
            + @"|\b(?:Socket|TcpClient|UdpClient|NetworkStream)[?]? \w+\s*[=;,)]|\bNamedPipe\w+"
    )]
    private static partial Regex SocketUse();
}

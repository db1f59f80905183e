using System.Collections.Immutable;
using Fairlead.NamedHandles.Generator;
using Microsoft.CodeAnalysis;

namespace Fairlead.NamedHandles.Tests.Generator;

/// <summary>What the analyzer reports, and what it does not.</summary>
[SlowRun]
public sealed class AnalyzerTests
{
    private const string Library = """
        namespace Others;
        public static class Waiting
        {
            public static void One(WaitHandle handle) => handle.WaitOne();
            public static void Many(IEnumerable<WaitHandle> handles) => WaitHandle.WaitAny([.. handles]);
            public static void Pipe(System.IO.Pipes.PipeStream pipe) => GC.KeepAlive(pipe.IsMessageComplete);
            public static void Any<T>(T value) => GC.KeepAlive(value);
        }
        """;

    public static TheoryData<string, string> Reported => new()
    {
        { "FLN001", "object a = new System.Threading.Semaphore(0, 1, \"x\");" },
        { "FLN001", "object a = new System.Threading.Mutex(false, args[0]);" },
        { "FLN001", "object a = new System.Threading.EventWaitHandle(false, EventResetMode.AutoReset, \"x\", out _);" },
        { "FLN001", "object a = new System.IO.Pipes.NamedPipeServerStream(\"x\");" },
        { "FLN001", "object a = System.Threading.Mutex.OpenExisting(\"x\");" },
        { "FLN001", "bool a = System.Threading.Semaphore.TryOpenExisting(\"x\", out _);" },
        { "FLN002", "Func<WaitHandle[], int> a = WaitHandle.WaitAny;" },
        { "FLN002", "Func<string, long, MemoryMappedFile> a = MemoryMappedFile.CreateOrOpen;" },
        { "FLN003", "Others.Waiting.One(new Semaphore(0, 1, \"x\"));" },
        { "FLN003", "Others.Waiting.Many([new Mutex(false, \"x\")]);" },
        { "FLN003", "Others.Waiting.Many(new WaitHandle[] { CancellationToken.None.WaitHandle, new AutoResetEvent(false) });" },
        { "FLN003", "new Timer(_ => { }).Dispose(new ManualResetEvent(false));" },
        { "FLN003", "Others.Waiting.Pipe(new NamedPipeServerStream(\"x\"));" },
        { "FLN004", "object a = MutexAcl.Create(false, \"x\", out _, null);" },
        { "FLN004", "object a = SemaphoreAcl.OpenExisting(\"x\", default);" },
        { "FLN004", "bool a = EventWaitHandleAcl.TryOpenExisting(\"x\", default, out _);" },
        {
            "FLN004",
            "object a = NamedPipeServerStreamAcl.Create(\"x\", PipeDirection.InOut, 1, PipeTransmissionMode.Byte, 0, 0, 0, null);"
        },
        { "FLN005", "new NamedPipeServerStream(\"x\").RunAsClient(() => { });" },
        { "FLN006", "object a = new NamedPipeClientStream(\"server\", \"x\");" },
        { "FLN006", "object a = new NamedPipeClientStream(\"server\", \"x\", PipeDirection.In);" },
        { "FLN007", "object a = new NamedPipeClientStream(\".\", \"x\", PipeDirection.In, PipeOptions.WriteThrough);" },
        {
            "FLN007",
            "object a = new NamedPipeServerStream(\"x\", PipeDirection.In, 1, PipeTransmissionMode.Byte, "
                + "PipeOptions.Asynchronous | PipeOptions.WriteThrough);"
        },
        { "FLN008", "object? a = new AbandonedMutexException().Mutex;" },
        { "FLN008", "try { } catch (AbandonedMutexException e) when (e.Mutex is not null) { }" },
    };

    public static TheoryData<string> Silent =>
    [
        "object a = new Semaphore(0, 1, \"x\");",
        "object a = Mutex.OpenExisting(\"x\");",
        "object a = new System.Threading.Semaphore(0, 1);",
        "object a = new System.Threading.Mutex(false, null);",
        "object a = new System.Threading.AutoResetEvent(false);",
        "Func<WaitHandle[], int> a = handles => WaitHandle.WaitAny(handles);",
        "Func<string, MemoryMappedFile> a = MemoryMappedFile.CreateFromFile;",
        "Others.Waiting.One(CancellationToken.None.WaitHandle);",
        "Others.Waiting.Any(new Semaphore(0, 1, \"x\"));",
        "new List<WaitHandle>().Add(new Semaphore(0, 1, \"x\"));",
        "WaitHandle.WaitAny([new Semaphore(0, 1, \"x\")]);",
        "Own(new Mutex(false, \"x\"));",
        "object a = new AbandonedMutexException().MutexIndex;",
        "object a = new NamedPipeClientStream(\".\", \"x\", PipeDirection.In, PipeOptions.Asynchronous);",
        "object a = new NamedPipeClientStream(args[0], \"x\");",
        "object a = new NamedPipeClientStream(\".\", \"x\", PipeAccessRights.Read, 0, default, default);",
        "object a = new NamedPipeServerStream(\"x\", PipeDirection.In, 1, PipeTransmissionMode.Byte, PipeOptions.CurrentUserOnly);",
    ];

    /// <summary>A line for each kind, with the kind that reports it.</summary>
    public static TheoryData<string, string> Switched => new()
    {
        { "Semaphore", "object a = new System.Threading.Semaphore(0, 1, \"x\");" },
        { "Mutex", "object a = new System.Threading.Mutex(false, \"x\");" },
        { "Mutex", "object? a = new AbandonedMutexException().Mutex;" },
        { "Event", "object a = new System.Threading.EventWaitHandle(false, 0, \"x\");" },
        { "Pipe", "object a = new System.IO.Pipes.NamedPipeServerStream(\"x\");" },
        { "Map", "Func<string, long, MemoryMappedFile> a = MemoryMappedFile.CreateOrOpen;" },
    };

    [Theory]
    [MemberData(nameof(Reported))]
    public async Task A_difference_is_reported_at_its_line(string id, string line)
    {
        Diagnostic found = Assert.Single(await AnalyzeAsync(line, Compilations.AllKinds));

        Assert.Equal(id, found.Id);
        Assert.Equal("/place/File0.cs", found.Location.SourceTree!.FilePath);
    }

    [Theory]
    [MemberData(nameof(Silent))]
    public async Task Code_that_behaves_as_on_Windows_is_not_reported(string line) =>
        Assert.Empty(await AnalyzeAsync(line, Compilations.AllKinds));

    [Theory]
    [MemberData(nameof(Switched))]
    public async Task A_kind_that_is_switched_off_is_not_reported(string kind, string line)
    {
        Assert.NotEmpty(await AnalyzeAsync(line, kind));
        Assert.Empty(await AnalyzeAsync(line, [.. Compilations.AllKinds.Except([kind])]));
    }

    [Fact]
    public void Each_diagnostic_has_a_page()
    {
        ImmutableArray<DiagnosticDescriptor> all = new NamedHandlesAnalyzer().SupportedDiagnostics;

        Assert.Equal(Reported.Select(static row => row.Data.Item1).Distinct(), all.Select(static descriptor => descriptor.Id));
        Assert.All(all, descriptor =>
        {
            Assert.Equal(BuildFiles.HelpOf(descriptor.Id), descriptor.HelpLinkUri);
            Assert.StartsWith($"# {descriptor.Id}: ", BuildFiles.PageOf(descriptor.Id), StringComparison.Ordinal);
        });
    }

    private static async Task<ImmutableArray<Diagnostic>> AnalyzeAsync(string line, params string[] kinds)
    {
        Compilation compiled = Compilations.WithLibrary(Library, $$"""
            using System.IO.MemoryMappedFiles;
            using System.IO.Pipes;
            class C
            {
                void Run(string[] args)
                {
                    {{line}}
                }

                void Own(WaitHandle handle) => handle.WaitOne();
            }
            """);
        Assert.Empty(compiled.GetDiagnostics().Where(static found => found.Severity == DiagnosticSeverity.Error));
        return await Compilations.AnalyzeAsync(compiled, kinds);
    }
}

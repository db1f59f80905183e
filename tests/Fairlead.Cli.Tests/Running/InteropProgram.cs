namespace Fairlead.Cli.Tests.Running;

/// <summary>A plain C program of <c>tests/interop</c>, compiled into a test's home.</summary>
internal static class InteropProgram
{
    /// <returns>The path of the program.</returns>
    public static async Task<string> CompileAsync(ToolHome home, string name)
    {
        var path = Path.Combine(home.Work, name);
        var source = Path.Combine(AppContext.BaseDirectory, "interop", $"{name}.c");
        var compiler = await home.StartProgram(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-o", path, source]).EndAsync();
        Assert.True(compiler.ExitCode == 0, compiler.ToString());
        return path;
    }
}

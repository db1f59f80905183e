using System.Diagnostics.CodeAnalysis;
using Fairlead.NamedHandles.Names;

namespace Fairlead.NamedHandles.Threading;

/// <summary>Opens named objects for the public types, with the exceptions of the platform.</summary>
/// <param name="kind">The kind of object.</param>
/// <param name="size">The size of the file of a new one.</param>
internal readonly struct HandleOpening(ObjectKind kind, int size)
{
    /// <summary>Opens an object, or creates it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">The options of the caller; null: none were given.</param>
    /// <param name="make">Creates the object in this process.</param>
    /// <param name="createdNew">Whether it was created.</param>
    /// <exception cref="ArgumentException">The name is not valid, or its prefix contradicts the options.</exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">The object belongs to another user, or the directory may not be used.</exception>
    /// <exception cref="WaitHandleCannotBeOpenedException">The name belongs to an object of another kind.</exception>
    public ObjectReference Create(string name, NamedWaitHandleOptions? options, ObjectMaker make, out bool createdNew)
    {
        ObjectOutcome outcome = Open(name, options, ObjectWish.OpenOrCreate, make, out ObjectReference? reference);
        createdNew = outcome == ObjectOutcome.Created;
        return reference ?? throw Failure(outcome, name);
    }

    /// <summary>Opens an object that exists.</summary>
    /// <inheritdoc cref="Create" path="/param|/exception"/>
    public ObjectReference OpenExisting(string name, NamedWaitHandleOptions? options, ObjectMaker make) =>
        TryOpenExisting(name, options, make, out ObjectReference? reference, out ObjectOutcome outcome)
            ? reference
            : throw Failure(outcome, name);

    /// <summary>Opens an object if it exists; false if it does not, or is of another kind.</summary>
    /// <inheritdoc cref="Create" path="/param|/exception"/>
    public bool TryOpenExisting(
        string name, NamedWaitHandleOptions? options, ObjectMaker make, [NotNullWhen(true)] out ObjectReference? reference) =>
        TryOpenExisting(name, options, make, out reference, out _);

    private bool TryOpenExisting(
        string name,
        NamedWaitHandleOptions? options,
        ObjectMaker make,
        [NotNullWhen(true)] out ObjectReference? reference,
        out ObjectOutcome outcome)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        outcome = Open(name, options, ObjectWish.OpenExisting, make, out reference);
        return outcome != ObjectOutcome.Denied ? reference is not null : throw Failure(outcome, name);
    }

    private ObjectOutcome Open(
        string name, NamedWaitHandleOptions? options, ObjectWish wish, ObjectMaker make, out ObjectReference? reference)
    {
        ObjectKey key = new(kind, ObjectName.Parse(options is { } given ? WithPrefix(name, given.CurrentSessionOnly) : name));
        bool isPrivate = options is { CurrentUserOnly: true };
        try
        {
            return OpenObjects.Open(key, wish, isPrivate, size, make, out reference);
        }
        catch (FairleadException e) when (e.Code == ErrorCode.PermissionDenied)
        {
            throw new UnauthorizedAccessException(e.Message, e);
        }
    }

    // Options say what a prefix says. A name may have both if they agree.
    private static string WithPrefix(string name, bool isCurrentSessionOnly)
    {
        string prefix = isCurrentSessionOnly ? ObjectName.Local : ObjectName.Global;
        if (!name.Contains('\\', StringComparison.Ordinal))
        {
            return prefix + name;
        }

        return name.StartsWith(prefix, StringComparison.Ordinal)
            ? name
            : throw new ArgumentException(
                $"The name '{name}' has another prefix than {prefix}, which {nameof(NamedWaitHandleOptions.CurrentSessionOnly)} demands.",
                nameof(name));
    }

    private Exception Failure(ObjectOutcome outcome, string name) => outcome switch
    {
        ObjectOutcome.NotFound => new WaitHandleCannotBeOpenedException($"No process has the {Text} '{name}' open."),
        ObjectOutcome.OtherKind => new WaitHandleCannotBeOpenedException(
            $"The name '{name}' belongs to an object that is not a{(kind == ObjectKind.Event ? "n" : "")} {Text}."),
        _ => new UnauthorizedAccessException($"The {Text} '{name}' belongs to another user, who alone may open it."),
    };

    private string Text => kind.ToString().ToLowerInvariant();
}

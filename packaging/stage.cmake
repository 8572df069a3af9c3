# SPDX-License-Identifier: Apache-2.0
# Between what "cmake --install" puts down and what Debian wants to see: compressed pages, the two
# changelogs, units where systemd looks before /usr is there, a folder for the plant file.
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(doc "${root}/usr/share/doc/headgate")

file(MAKE_DIRECTORY "${root}/etc/headgate" "${doc}")
file(COPY_FILE "${CPACK_HEADGATE_PACKAGING}/debian/copyright" "${doc}/copyright")
file(COPY_FILE "${CPACK_HEADGATE_CHANGELOG}" "${doc}/changelog.Debian")
file(RENAME "${doc}/CHANGES.md" "${doc}/changelog")
# The first lines of the examples lead to it, as they do in the sources.
file(CREATE_LINK ../../headgate/schema "${doc}/schema" SYMBOLIC)
if(EXISTS "${root}/usr/lib/systemd")
    file(MAKE_DIRECTORY "${root}/lib")
    file(RENAME "${root}/usr/lib/systemd" "${root}/lib/systemd")
    file(REMOVE_RECURSE "${root}/usr/lib")
endif()
execute_process(COMMAND strip --strip-unneeded --remove-section=.comment --remove-section=.note
    "${root}/usr/bin/headgate" COMMAND_ERROR_IS_FATAL ANY)

file(GLOB pages "${root}/usr/share/man/man?/*.[1-8]")
foreach(file ${pages} "${doc}/changelog" "${doc}/changelog.Debian")
    execute_process(COMMAND gzip -9nf "${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# Whoever builds with another umask gets the same package.
execute_process(COMMAND find "${root}" -type d -exec chmod 755 {} + COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find "${root}" -type f -perm /111 -exec chmod 755 {} + COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find "${root}" -type f -not -perm /111 -exec chmod 644 {} + COMMAND_ERROR_IS_FATAL ANY)
